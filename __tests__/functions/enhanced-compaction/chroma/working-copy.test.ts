import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { privateFolder } from '../../../../functions/enhanced-compaction/chroma/working-copy';

const PREFIX = 'chroma-compaction-';
const { pid: gone } = spawnSync(process.execPath, ['--version']);
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(os.tmpdir(), 'working-copy-'));
  jest.spyOn(os, 'tmpdir').mockReturnValue(root);
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(root, { recursive: true });
});

const put = (...folders: string[]) => {
  for (const folder of folders) mkdirSync(join(root, folder));
};

it('A private folder comes with those of dead processes gone, and nothing else', () => {
  const stay = ['another', `${PREFIX}of-nobody`, `of-${PREFIX}${gone}-a`, `${PREFIX}${process.ppid}-a`];
  put(...stay, `${PREFIX}${gone}-a`, `${PREFIX}${gone}-b`);
  writeFileSync(join(root, 'a file'), '');
  const folder = privateFolder();
  expect(
    readdirSync(root)
      .map((name) => join(root, name))
      .sort(),
  ).toEqual([folder, ...[...stay, 'a file'].map((name) => join(root, name))].sort());
});

it('Of a process that had the same id, it goes; what this process has made before stays', () => {
  const first = privateFolder();
  put(`${PREFIX}${process.pid}-of-another`);
  const second = privateFolder();
  expect(
    readdirSync(root)
      .map((name) => join(root, name))
      .sort(),
  ).toEqual([first, second].sort());
});
