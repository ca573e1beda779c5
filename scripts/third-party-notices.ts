import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Licences that let us pass a package on inside a bundle, with its notice. */
const PERMISSIVE: readonly string[] = [
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
];
/** What a licence is in: some packages call it `license`, `LICENSE-MIT.txt` or `NOTICE`. */
const LICENCE_FILE = /^(licen[cs]e|copying|notice)/i;

interface Bundled {
  readonly name: string;
  readonly licence: string;
  readonly text: string | undefined;
}

/**
 * The notices of all packages that a bundle holds, each licence text once, below the packages that come with it.
 *
 * @param inputs - the bundle's files, as esbuild's metafile names them relative to `root`.
 * @throws {Error} when a package's licence is not known to be permissive, or its text is nowhere.
 */
export async function thirdPartyNotices(root: string, inputs: readonly string[]): Promise<string> {
  const folders = new Set(
    inputs.flatMap((input) => input.match(/^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/)?.at(0) ?? []),
  );
  const bundled = await Promise.all([...folders].sort().map((folder) => readPackage(join(root, folder))));
  const byText = new Map<string, string[]>();
  for (const { name, licence, text = commonText(bundled, licence) } of bundled) {
    if (text === undefined) throw new Error(`${name} comes without the text of its licence, ${licence}.`);
    byText.set(text, [...(byText.get(text) ?? []), `${name} (${licence})`]);
  }
  const notices = [...byText].map(([text, names]) => `${names.join('\n')}\n\n${text}\n`);
  return `This program contains the following packages.\n\n${notices.join(`\n${'-'.repeat(80)}\n\n`)}`;
}

async function readPackage(folder: string): Promise<Bundled> {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  if (!PERMISSIVE.includes(license)) {
    throw new Error(
      `${name}@${version} cannot be bundled: its licence is ${license}. Check it and add it here.`,
    );
  }
  const files = (await readdir(folder)).filter((file) => LICENCE_FILE.test(file)).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  const text = texts.map((each) => each.trim()).join('\n\n');
  return { name: `${name}@${version}`, licence: license, text: text === '' ? undefined : text };
}

/** Apache's text names no owner: where a package leaves it out, another's stands for it. */
const commonText = (bundled: readonly Bundled[], licence: string): string | undefined =>
  licence === 'Apache-2.0' ? bundled.find((each) => each.licence === licence)?.text : undefined;
