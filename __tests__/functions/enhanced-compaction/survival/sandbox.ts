import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { createLambdaRuntime, type LambdaRuntime } from 'local-aws';
import { type FaultyProxy, type ProxyFault, startFaultyProxy } from '../../../support/faulty-proxy';
import type { Service } from './moments';
import { TIMES } from './times';

export interface SandboxProps {
  readonly bundle: string;
  /** Its `/tmp`. */
  readonly temporaryDirectory: string;
  /** What stands behind the proxies. */
  readonly services: Readonly<Partial<Record<Service, string>>>;
  /** The function's environment, given where its services are. */
  readonly environmentAt: (endpoints: Readonly<Partial<Record<Service, string>>>) => Record<string, string>;
  readonly onLine: (line: string) => void;
}

/** One place for a sandbox: when it was killed, the next event starts another there. */
export interface Sandbox {
  readonly isBusy: boolean;
  invoke(event: unknown): Promise<unknown>;
  /** Replaces what goes wrong on the way to a service. */
  set(service: Service, faults: readonly ProxyFault[]): void;
  /** `kill -9` of the process and its Chroma servers. Returns how many sandboxes it ended: 1, or 0 where none was. */
  kill(): Promise<number>;
  /** `kill -9` of its Chroma servers alone. Returns how many there were. */
  killChroma(): Promise<number>;
  /** Stops it, as a frozen machine does, until `meanwhile` has ended. */
  stallWhile(meanwhile: () => Promise<unknown>): Promise<void>;
  /** Lets no file of it grow beyond so many bytes; undefined lifts that. Without `prlimit` nothing happens. */
  limitFiles(bytes: number | undefined): Promise<void>;
  stop(): Promise<void>;
}

export async function startSandbox(props: SandboxProps): Promise<Sandbox> {
  const { bundle, temporaryDirectory, services, environmentAt, onLine } = props;
  await mkdir(temporaryDirectory, { recursive: true });
  const proxies = new Map<Service, FaultyProxy>();
  for (const [service, target] of Object.entries(services)) {
    proxies.set(service as Service, await startFaultyProxy(target));
  }
  const endpoints = Object.fromEntries([...proxies].map(([service, { endpoint }]) => [service, endpoint]));
  const runtime = createLambdaRuntime({
    functionName: 'enhanced-compaction',
    bundle,
    environment: environmentAt(endpoints),
    timeoutSeconds: TIMES.function,
    temporaryDirectory,
    onLine,
  });
  let isBusy = false;
  return {
    get isBusy() {
      return isBusy;
    },
    async invoke(event) {
      isBusy = true;
      try {
        return await runtime.invoke(event);
      } finally {
        isBusy = false;
      }
    },
    set: (service, faults) => proxies.get(service)?.set(faults),
    async kill() {
      const alive = runtime.pids.length;
      await runtime.kill();
      return alive;
    },
    async killChroma() {
      const servers = (await processesOf(runtime)).filter(({ isChroma }) => isChroma);
      for (const { pid } of servers) signal(pid, 'SIGKILL');
      return servers.length;
    },
    async stallWhile(meanwhile) {
      const groups = runtime.pids.map((pid) => -pid);
      const goOn = () => {
        for (const group of groups) signal(group, 'SIGCONT');
      };
      // A stopped process does not notice that its parent is gone.
      process.once('exit', goOn);
      for (const group of groups) signal(group, 'SIGSTOP');
      await meanwhile().finally(() => {
        goOn();
        process.off('exit', goOn);
      });
    },
    async limitFiles(bytes) {
      for (const { pid } of await processesOf(runtime)) {
        await run('prlimit', [`--pid=${pid}`, `--fsize=${bytes ?? 'unlimited'}:`]).catch(() => {});
      }
    },
    async stop() {
      await runtime.stop();
      for (const proxy of proxies.values()) await proxy.stop();
    },
  };
}

const run = promisify(execFile);

/** The sandbox's own process and what it started: its process group. */
async function processesOf(runtime: LambdaRuntime): Promise<{ pid: number; isChroma: boolean }[]> {
  const { stdout } = await run('ps', ['-A', '-ww', '-o', 'pid=,pgid=,args='], { maxBuffer: 1 << 24 });
  return stdout.split('\n').flatMap((line) => {
    const [, pid, group, command = ''] = /^\s*(\d+)\s+(\d+)\s(.*)$/.exec(line) ?? [];
    const isOwn = runtime.pids.includes(Number(group));
    return isOwn ? [{ pid: Number(pid), isChroma: command.includes('launch-chroma.cjs') }] : [];
  });
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It is gone already.
  }
}
