// What pages without charts need: files with a bar that moves, and parts that renew themselves. Without it the same works by hand.
import { live } from "./live";
import { uploading } from "./uploading";

uploading(document);
live(document);
document.documentElement.dataset["ready"] = "true";
