import { mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  collectOldVersions,
  replacedBefore,
} from '../../../../functions/enhanced-compaction/store/old-versions';

const MINUTE = 60_000;
/** The moments that three versions name, an hour apart, and the one that is current. */
const [OLDEST, OLDER, CURRENT] = [
  '20260101_100000_000000_0badcafe',
  '20260101_110000_000000_0badcafe',
  '20260101_120000_000000_0badcafe',
] as const;
const at = (time: string) => new Date(`2026-01-01T${time}Z`);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'old-versions-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const lay = async (...names: readonly string[]) => {
  for (const name of names) {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, 'chroma.sqlite3'), 'content');
  }
};
const left = async () => (await readdir(folder)).sort();

describe('Versions that were replaced', () => {
  it('go once their successor is older than the grace, and not before', async () => {
    await lay(OLDEST, OLDER, CURRENT);
    // The oldest was replaced at 11:00: fifteen minutes later somebody may still copy it.
    await collectOldVersions(folder, CURRENT, at('11:15:00.000'));
    expect(await left()).toEqual([OLDEST, OLDER, CURRENT]);
    await collectOldVersions(folder, CURRENT, at('11:15:00.001'));
    expect(await left()).toEqual([OLDER, CURRENT]);
  });

  it('are found in whatever order the folder lists them', () => {
    const limit = at('12:16:00.000').getTime();
    for (const names of [
      [CURRENT, OLDEST, OLDER],
      [OLDER, CURRENT, OLDEST],
    ]) {
      expect(replacedBefore(limit, names, CURRENT)).toEqual([OLDEST, OLDER]);
    }
  });

  it('go all at once when all are old enough', async () => {
    await lay(CURRENT, OLDEST, OLDER);
    await collectOldVersions(folder, CURRENT, at('12:16:00.000'));
    expect(await left()).toEqual([CURRENT]);
  });

  it('stay for as long as the caller says', async () => {
    await lay(OLDEST, OLDER, CURRENT);
    await collectOldVersions(folder, CURRENT, at('12:30:00.000'), 45 * MINUTE);
    expect(await left()).toEqual([OLDER, CURRENT]);
  });
});

describe('What always stays', () => {
  it('is the newest that is left, where the current version is not there', async () => {
    await lay(OLDEST, OLDER);
    await collectOldVersions(folder, CURRENT, at('23:00:00.000'));
    expect(await left()).toEqual([OLDER]);
  });

  it('is the current version, also when a newer one lies beside it that nobody published', async () => {
    await lay(OLDER, CURRENT);
    await collectOldVersions(folder, OLDER, at('23:00:00.000'));
    expect(await left()).toEqual([OLDER, CURRENT]);
  });

  it('is every version that is newer than the current one', async () => {
    await lay(OLDEST, OLDER, CURRENT);
    await collectOldVersions(folder, OLDEST, at('23:00:00.000'));
    expect(await left()).toEqual([OLDEST, OLDER, CURRENT]);
  });

  it('is what has no name of a version', async () => {
    await lay('0-notes', CURRENT, OLDEST, 'x.writing-1');
    for (const name of ['0-notes', CURRENT, 'x.writing-1']) await touched(name, '01:00:00.000');
    await collectOldVersions(folder, CURRENT, at('23:00:00.000'));
    expect(await left()).toEqual(['0-notes', CURRENT, 'x.writing-1']);
  });
});

const touched = (name: string, time: string) => utimes(join(folder, name), at(time), at(time));

describe('What a killed writer left half written', () => {
  it('goes once it was not touched for the grace, and not before', async () => {
    await lay('.writing-1', CURRENT);
    await touched('.writing-1', '12:00:00.000');
    await collectOldVersions(folder, CURRENT, at('12:15:00.000'));
    expect(await left()).toEqual(['.writing-1', CURRENT]);
    await collectOldVersions(folder, CURRENT, at('12:15:00.001'));
    expect(await left()).toEqual([CURRENT]);
  });

  it('stays, and hinders nothing, when it cannot be looked at', async () => {
    await symlink(join(folder, 'nowhere'), join(folder, '.writing-1'));
    await lay('.writing-2');
    await touched('.writing-2', '12:00:00.000');
    await collectOldVersions(folder, CURRENT, at('23:00:00.000'));
    expect(await left()).toEqual(['.writing-1']);
  });
});

it('takes a folder that is not there for an empty one', async () => {
  await expect(
    collectOldVersions(join(folder, 'none'), CURRENT, at('12:00:00.000')),
  ).resolves.toBeUndefined();
});
