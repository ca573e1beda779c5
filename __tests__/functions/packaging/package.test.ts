import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageFunctions } from '../../../functions/package';
import { deterministicZip } from '../../../functions/packaging/deterministic-zip';
import { packagedBefore } from '../../../functions/packaging/package-index';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'packages-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The names in a zip's central directory, in order. */
function namesIn(zip: Buffer): string[] {
  const names: string[] = [];
  for (let at = zip.indexOf('PK\x01\x02'); at !== -1; at = zip.indexOf('PK\x01\x02', at + 46)) {
    names.push(zip.toString('utf8', at + 46, at + 46 + zip.readUInt16LE(at + 28)));
  }
  return names.filter((name) => /^[\w.-]+$/.test(name));
}

describe('Packaging the functions', () => {
  it('twice gives the same bytes, with Chroma and its launcher beside the compaction bundle', async () => {
    const names = ['enhanced-compaction', 'stream-processor'] as const;
    const [first, second] = await Promise.all(
      ['first', 'second'].map((each) =>
        packageFunctions({ architecture: 'x86_64', directory: join(folder, each), names }),
      ),
    );
    for (const name of names) {
      const [a, b] = [first?.get(name), second?.get(name)];
      expect(a?.sha256).toEqual(expect.any(String));
      expect(a?.sha256).toBe(b?.sha256);
      expect((await readFile(a?.path ?? '')).equals(await readFile(b?.path ?? ''))).toBe(true);
    }
    const zip = await readFile(first?.get('enhanced-compaction')?.path ?? '');
    expect(namesIn(zip)).toEqual([
      'chromadb-js-bindings.linux-x64-gnu.node',
      'index.mjs',
      'index.mjs.map',
      'launch-chroma.cjs',
    ]);
    // Lambda takes 50 MB directly.
    expect(zip.length).toBeLessThan(50_000_000);
  });
});

describe('A deterministic zip', () => {
  const entry = (name: string, text: string) => ({ name, bytes: Buffer.from(text) });

  it('depends on its entries alone, not on their order', async () => {
    const entries = [entry('b.txt', 'two'), entry('a.txt', 'one')];
    const first = await deterministicZip(join(folder, 'x'), 'order', entries);
    const second = await deterministicZip(join(folder, 'y'), 'order', entries.toReversed());
    expect(second.sha256).toBe(first.sha256);
  });

  it('is another file for other content, and is not written again for the same', async () => {
    const first = await deterministicZip(folder, 'again', [entry('a.txt', 'one')]);
    const written = await stat(first.path);
    expect(await deterministicZip(folder, 'again', [entry('a.txt', 'one')])).toEqual(first);
    expect((await stat(first.path)).ino).toBe(written.ino);
    const other = await deterministicZip(folder, 'again', [entry('a.txt', 'other')]);
    expect(other.path).not.toBe(first.path);
  });
});

describe('Packages that were made before', () => {
  it('are taken as they are while sources and request are the same and their zips are there', async () => {
    const directory = join(folder, 'index');
    let made = 0;
    const make = async () => {
      made += 1;
      return new Map([['stream-processor', await deterministicZip(directory, 'made', [])] as const]);
    };
    const first = await packagedBefore(directory, ['arm64'], make);
    expect(await packagedBefore(directory, ['arm64'], make)).toEqual(first);
    expect(made).toBe(1);
    await packagedBefore(directory, ['x86_64'], make);
    expect(made).toBe(2);
    await rm(first.get('stream-processor')?.path ?? '');
    expect(await packagedBefore(directory, ['arm64'], make)).toEqual(first);
    expect(made).toBe(3);
  });
});
