/**
 * Lowers the glibc that a Chroma binding needs from 2.39 to 2.34, so that it loads on Lambda's Amazon
 * Linux 2023 (2.34), on Ubuntu 22.04 (2.35) and on Debian 12 (2.36).
 *
 * Four symbols of the binding are newer than 2.34:
 * - `__isoc23_strtol` and `__isoc23_sscanf` (2.38) are what a C23 compiler makes of `strtol` and `sscanf`;
 *   they differ in binary literals alone. The old name is the end of the new one, so the symbol is renamed
 *   by moving its name's offset nine bytes on, and bound to the oldest version of glibc on its architecture.
 * - `pidfd_spawnp` and `pidfd_getpid` (2.39) are weak: Rust's standard library asks whether they are null
 *   before it calls them. Once the need for their version is weak as well, the loader leaves them null.
 */

const SECTION = { dynamicSymbols: 11, versionNeeds: 0x6ffffffe, symbolVersions: 0x6fffffff } as const;
const SYMBOL_BYTES = 24;
const WEAK_BINDING = 2;
const WEAK_VERSION_FLAG = 2;

const FLOOR_MINOR = 34;
const RENAMED = new Map([
  ['__isoc23_strtol', 'strtol'],
  ['__isoc23_sscanf', 'sscanf'],
]);
const LEFT_NULL = new Set(['pidfd_spawnp', 'pidfd_getpid']);
/** glibc's first version on x86-64 and on AArch64. */
const FIRST_VERSIONS = ['GLIBC_2.2.5', 'GLIBC_2.17'];

interface Section {
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly info: number;
}

interface VersionNeed {
  readonly name: string;
  readonly index: number;
  /** Where the need's record lies in the file. */
  readonly offset: number;
}

/**
 * @param original - a 64-bit little-endian ELF shared object.
 * @returns a changed copy.
 * @throws {Error} when it needs any other symbol that is newer than glibc 2.34, or is not such an ELF file.
 */
export function lowerGlibcFloor(original: Uint8Array): Buffer {
  const file = Buffer.from(original);
  const sections = readSections(file);
  const section = (type: number): Section => {
    const found = sections.find((candidate) => candidate.type === type);
    if (found === undefined) throw new Error('The Chroma binding is an ELF file without dynamic symbols.');
    return found;
  };
  const symbols = section(SECTION.dynamicSymbols);
  const names = sections[symbols.link]?.offset ?? 0;
  const symbolVersions = section(SECTION.symbolVersions).offset;
  const needs = readVersionNeeds(file, section(SECTION.versionNeeds), names);

  const first = needs.find(({ name }) => FIRST_VERSIONS.includes(name));
  const tooNew = new Map(needs.filter(isTooNew).map((need) => [need.index, need.name]));
  for (let index = 0; index < symbols.size / SYMBOL_BYTES; index += 1) {
    const versionOffset = symbolVersions + 2 * index;
    const version = tooNew.get(file.readUInt16LE(versionOffset) & 0x7fff);
    if (version === undefined) continue;
    const symbolOffset = symbols.offset + SYMBOL_BYTES * index;
    const name = textAt(file, names + file.readUInt32LE(symbolOffset));
    const oldName = RENAMED.get(name);
    if (oldName !== undefined && first !== undefined) {
      file.writeUInt32LE(file.readUInt32LE(symbolOffset) + name.length - oldName.length, symbolOffset);
      file.writeUInt16LE(first.index, versionOffset);
    } else if (!LEFT_NULL.has(name) || file.readUInt8(symbolOffset + 4) >> 4 !== WEAK_BINDING) {
      throw new Error(
        `The Chroma binding needs ${name}@${version}, which glibc 2.${FLOOR_MINOR} lacks and which is not known ` +
          'to be replaceable. Keep the pinned version of chromadb-js-bindings, or teach glibc-floor.ts this symbol.',
      );
    }
  }
  for (const { offset } of needs.filter(isTooNew)) {
    file.writeUInt16LE(file.readUInt16LE(offset + 4) | WEAK_VERSION_FLAG, offset + 4);
  }
  return file;
}

const isTooNew = ({ name }: VersionNeed): boolean => Number(/^GLIBC_2\.(\d+)/.exec(name)?.[1]) > FLOOR_MINOR;

const textAt = (file: Buffer, offset: number): string =>
  file.toString('latin1', offset, file.indexOf(0, offset));

function readSections(file: Buffer): Section[] {
  const isElf64LittleEndian =
    file.length > 64 && file.readUInt32BE(0) === 0x7f454c46 && file.readUInt16LE(4) === 0x0102;
  if (!isElf64LittleEndian) throw new Error('The Chroma binding is not a 64-bit little-endian ELF file.');
  const word = (offset: number) => Number(file.readBigUInt64LE(offset));
  const [table, entryBytes, count] = [word(0x28), file.readUInt16LE(0x3a), file.readUInt16LE(0x3c)];
  return Array.from({ length: count }, (_, index) => {
    const at = table + index * entryBytes;
    return {
      type: file.readUInt32LE(at + 4),
      offset: word(at + 24),
      size: word(at + 32),
      link: file.readUInt32LE(at + 40),
      info: file.readUInt32LE(at + 44),
    };
  });
}

/** The versions that the file needs of libc: a linked list of libraries, each with a linked list of versions. */
function readVersionNeeds(file: Buffer, section: Section, names: number): VersionNeed[] {
  const needs: VersionNeed[] = [];
  let library = section.offset;
  for (let left = section.info; left > 0; left -= 1) {
    const isLibc = textAt(file, names + file.readUInt32LE(library + 4)) === 'libc.so.6';
    let offset = library + file.readUInt32LE(library + 8);
    for (let versions = file.readUInt16LE(library + 2); versions > 0; versions -= 1) {
      const name = textAt(file, names + file.readUInt32LE(offset + 8));
      if (isLibc) needs.push({ name, index: file.readUInt16LE(offset + 6), offset });
      offset += file.readUInt32LE(offset + 12);
    }
    library += file.readUInt32LE(library + 12);
  }
  return needs;
}
