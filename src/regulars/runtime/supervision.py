"""The jobs of one worker: it takes one at a time, holds it while it is being done, and says what became of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from regulars.jobs import actions, rules
from regulars.jobs.actions import Hold
from regulars.runtime import preferences, tasks
from regulars.runtime.rounds import told
from regulars.runtime.schedule import grouping, night

if TYPE_CHECKING:
    from regulars.runtime.settings import Settings
    from regulars.runtime.tasks import Begin, Task
    from regulars.store.models import Job

log = logging.getLogger(__name__)

KINDS = (tasks.REFRESH, tasks.LOAD, tasks.SEGMENTS)


class Supervision:
    """Does jobs one after another, each by a :class:`~regulars.runtime.tasks.Task`."""

    def __init__(
        self,
        settings: Settings,
        owner: str,
        clock: Callable[[], datetime],
        begin: Begin = tasks.begin,
        lease: timedelta = rules.LEASE,
    ) -> None:
        self._settings, self._owner, self._clock = settings, owner, clock
        self._begin, self._lease = begin, lease
        self._job: Job | None = None
        self._task: Task | None = None

    def once(self) -> bool:
        """See after the job that is being done, or begin the next one; return whether one has ended."""
        if self._job is not None and self._task is not None:
            return self._followed(self._job, self._task)
        now = self._clock()
        planned = night(preferences.merged(self._settings), now)
        if planned is not None:
            actions.enqueue(tasks.REFRESH, {}, now, unique=f"refresh:{planned.isoformat()}")
        elif (quarter := grouping(now)) is not None:
            actions.regularly(tasks.SEGMENTS, quarter, now)
        job = actions.take(self._owner, KINDS, now, self._lease)
        if job is not None:
            log.info("job %s begins: %s, attempt %s", job.id, job.kind, job.attempts)
            self._began(job)
        return False

    def stop(self) -> None:
        """End what is being done and give it back, so that another worker begins it at once."""
        job, task = self._job, self._task
        if job is None or task is None:
            return
        if not self._ended(job, task):
            task.stop()
            actions.give_back(job, self._clock())
        self._job = self._task = None

    def _began(self, job: Job) -> None:
        try:
            self._task, self._job = self._begin(job, self._settings), job
        except Exception as error:  # whatever it is, the next attempt comes later and not at once
            log.warning("job %s cannot begin: %s", job.id, told(error))
            actions.fail(job, told(error), self._clock())

    def _followed(self, job: Job, task: Task) -> bool:
        if self._ended(job, task):
            self._job = self._task = None
            return True
        held = actions.renew(job, self._clock(), *tasks.progress(job), lease=self._lease)
        if held is Hold.HELD:
            return False
        task.stop()
        # Before the store is told, which may fail: a job that is lost is taken up by its lease.
        self._job = self._task = None
        log.warning("job %s stopped: %s", job.id, held.value)
        if held is Hold.CANCELLED:
            actions.stopped(job, self._clock())
        return True

    def _ended(self, job: Job, task: Task) -> bool:
        outcome = task.poll()
        if outcome is None:
            return False
        now = self._clock()
        if outcome.error:
            log.warning("job %s failed: %s, attempt %s", job.id, outcome.error, job.attempts)
            actions.fail(job, outcome.error, now, again=outcome.again)
        else:
            log.info("job %s done: %s", job.id, job.kind)
            actions.finish(job, outcome.result, now)
        return True
