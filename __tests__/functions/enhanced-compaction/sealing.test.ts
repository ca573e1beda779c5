import { execFileSync } from 'node:child_process';
import { useCompactionHarness } from '../../support/compaction-harness';

/** What was done with a private directory, and the processes that were given it, at that moment. */
const mockSeen: { readonly what: string; readonly processes: readonly string[] }[] = [];
const counted = () => mockSeen.map(({ what, processes }) => [what, processes.length]);
beforeEach(() => {
  mockSeen.length = 0;
});

/** The command lines of all processes that name the directory. A dead process has none. */
const mockProcessesOn = (directory: string): string[] =>
  execFileSync('ps', ['-A', '-ww', '-o', 'args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(directory));

jest.mock('../../../functions/enhanced-compaction/store/version-files', () => {
  const actual = jest.requireActual('../../../functions/enhanced-compaction/store/version-files');
  return {
    ...actual,
    writeVersion: (source: string, target: string) => {
      mockSeen.push({ what: 'hashed and written', processes: mockProcessesOn(source) });
      return actual.writeVersion(source, target);
    },
  };
});
jest.mock('../../../functions/enhanced-compaction/snapshot/checkpoint', () => {
  const actual = jest.requireActual('../../../functions/enhanced-compaction/snapshot/checkpoint');
  return {
    ...actual,
    writeSnapshot: (source: unknown, directory: string, ...more: unknown[]) => {
      mockSeen.push({ what: 'packed as a snapshot', processes: mockProcessesOn(directory) });
      return actual.writeSnapshot(source, directory, ...more);
    },
  };
});
jest.mock('../../../functions/enhanced-compaction/chroma/server', () => {
  const actual = jest.requireActual('../../../functions/enhanced-compaction/chroma/server');
  return {
    ...actual,
    startChromaServer: async (options: { path: string }) => {
      const server = await actual.startChromaServer(options);
      mockSeen.push({ what: 'served', processes: mockProcessesOn(options.path) });
      return server;
    },
  };
});

const world = useCompactionHarness();

it('The Chroma server is gone before its files are hashed, written or packed', async () => {
  const writer = world.writer({ checkpointRecords: 1 });
  for (const text of ['FIRST', 'SECOND']) {
    await world.arrive({ texts: [text, 'TOTAL'] });
    await writer.compact();
  }
  const aMerge = [
    ['served', 1],
    ['hashed and written', 0],
    ['packed as a snapshot', 0],
  ];
  expect(counted()).toEqual([...aMerge, ...aMerge]);
});

it('The Chroma server is gone before a snapshot is packed of a version that was only opened', async () => {
  for (const text of ['MILK 1.20', 'TEA 2.40']) {
    await world.arrive({ texts: [text] });
    await world.compactOnce();
  }
  mockSeen.length = 0;

  // Its time has come, though nothing is to be merged.
  const second = world.writer({ checkpointMinutes: 0 });
  expect(await second.compact()).toMatchObject({ publishes: 0 });
  expect(counted()).toEqual([
    ['served', 1],
    ['hashed and written', 0],
    ['packed as a snapshot', 0],
  ]);
});
