// Child processes: one that is stopped from outside must not leave its own behind.

import { spawn } from 'node:child_process';

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => process.exit(1));

/** Spawns a process that ends with this one. */
export function child(command, args, options) {
  const started = spawn(command, args, options);
  running.add(started);
  // Also after `error`, if there is no such command.
  started.once('close', () => running.delete(started));
  return started;
}

/** Whether it has not ended yet. */
export function isRunning(started) {
  return running.has(started);
}
