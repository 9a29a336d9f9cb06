"""``regulars completion``: the script that teaches a shell our verbs and options."""

from __future__ import annotations

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from regulars.cli import group, options

SHELLS: dict[str, type[ShellComplete]] = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}


@options.verb()
@click.argument("shell", type=click.Choice(tuple(SHELLS)))
def completion(shell: str) -> None:
    """Print the script that completes commands in your shell.

    \b
    bash   eval "$(regulars completion bash)"        in ~/.bashrc
    zsh    eval "$(regulars completion zsh)"         in ~/.zshrc
    fish   regulars completion fish | source         in ~/.config/fish/config.fish
    """  # noqa: D301
    writer: ShellComplete = SHELLS[shell](
        group.command, {}, group.PROGRAM, f"_{group.PROGRAM.upper()}_COMPLETE"
    )
    # Not the shell's own source(): for bash that one runs bash to ask for its version.
    click.echo(ShellComplete.source(writer))
