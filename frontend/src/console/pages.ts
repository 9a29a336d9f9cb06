// What pages without charts need: rules that are counted while they are built, files with a bar that moves, and parts that renew themselves. Without it the same works by hand.
import { building } from "./builder";
import { live } from "./live";
import { uploading } from "./uploading";

building(document);
uploading(document);
live(document);
document.documentElement.dataset["ready"] = "true";
