/**
 * The child process that is a Chroma server: `node launch-chroma.cjs BINDING PATH PORT`. Plain CommonJS, since
 * it is run as it stands both from the sources and from the Lambda package, where it lies beside index.mjs.
 *
 * - Without handlers of Node's own, the binding spins at 90 % CPU for ever on SIGTERM; with them it shuts
 *   down gracefully.
 * - The server blocks this thread, so a worker watches the parent: a server must never outlive the process
 *   that works on its files.
 */
const { isMainThread, parentPort, Worker } = require('node:worker_threads');

const WATCH_MILLISECONDS = 250;
const GRACE_MILLISECONDS = 5000;

if (isMainThread) {
  process.on('SIGTERM', () => {});
  process.on('SIGINT', () => {});
  const [binding, path, port] = process.argv.slice(2);
  new Worker(__filename).once('message', () => {
    require(binding).cli(['chroma', 'run', '--path', path, '--host', '127.0.0.1', '--port', port]);
    process.exit();
  });
} else {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid === parent) return;
    process.kill(process.pid, 'SIGTERM');
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), GRACE_MILLISECONDS);
  }, WATCH_MILLISECONDS);
  parentPort.postMessage('watching');
}
