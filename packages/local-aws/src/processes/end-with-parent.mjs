// @ts-check
import { Worker } from 'node:worker_threads';

/**
 * Loaded before a child process's own code (`node --import`): kills the child, and everything that it started,
 * as soon as the parent is gone. The parent never writes to the child's standard input, so its end means that
 * the parent died, by `kill -9` too. A worker watches it, since a handler may keep the main thread busy for ever.
 * JavaScript, like the inside of the sandbox that imports it: it runs where nothing else may be loaded.
 */
const watch = `
  const { Socket } = require('node:net');
  const end = () => {
    try { process.kill(-process.pid, 'SIGKILL'); } catch { process.kill(process.pid, 'SIGKILL'); }
  };
  new Socket({ fd: 0, readable: true, writable: false }).on('error', end).on('close', end).resume();
`;

// No inherited execArgv: the watcher needs none of the child's loaders.
new Worker(watch, { eval: true, execArgv: [], stdin: false }).unref();
