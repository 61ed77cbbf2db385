// Loaded into a Node program before its own code (node --require). Our parent holds the other end of our
// standard input and never writes to it: when it closes, the parent asks us to stop, or is gone, however
// it died. Works on every system, and leaves a program no way to outlive its parent.
"use strict";

const GRACE = 10_000; // milliseconds to close and write files

// With the parent gone nobody reads our output: writing to it must not end us before the files are written.
process.stdout.on("error", () => {});
process.stderr.on("error", () => {});

process.stdin.on("close", () => {
  const handled = process.emit("SIGTERM"); // the program's own handler: it ends when its work is done
  if (!handled) process.exit(143);
  setTimeout(() => process.exit(143), GRACE).unref();
});
process.stdin.resume();
