import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Whether a process is there; one that has ended but was not waited for does not count. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return !isZombie(pid);
}

/** Where there is no init that collects orphans (in a container, say), a dead orphan stays as a zombie. */
function isZombie(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** The ids of all processes that a process started, and those that they started, read from the process table. */
export function descendantsOf(pid: number): number[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  const parents = table
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const children = (of: number): number[] =>
    parents.flatMap(([child, parent]) =>
      parent === of && child !== undefined ? [child, ...children(child)] : [],
    );
  return children(pid);
}
