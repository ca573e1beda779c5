/**
 * Counts the rows of tables in an SQLite file by walking their b-trees: just enough of the file format
 * (sqlite.org/fileformat2.html) to tell an empty Chroma directory from one that holds records, without a
 * native module or a server.
 *
 * @returns the rows of each table asked for; a table that the file lacks has none.
 * @throws {RangeError} when the bytes are not an SQLite database.
 */
export function countRows(file: Buffer, tables: readonly string[]): ReadonlyMap<string, number> {
  if (file.subarray(0, 15).toString('latin1') !== 'SQLite format 3')
    throw new RangeError('not an SQLite database');
  const pageSize = file.readUInt16BE(16) === 1 ? 65_536 : file.readUInt16BE(16);
  const roots = new Map<string, number>();
  for (const cell of leafCells(file, pageSize, 1)) {
    const [type, name, , root] = readRecord(file, cell);
    if (type === 'table' && typeof name === 'string' && typeof root === 'number') roots.set(name, root);
  }
  return new Map(
    tables.map((table) => {
      const root = roots.get(table);
      let rows = 0;
      if (root !== undefined) for (const _ of leafCells(file, pageSize, root)) rows++;
      return [table, rows];
    }),
  );
}

const INTERIOR_TABLE = 5;
const LEAF_TABLE = 13;

/** The offsets of all cells in the leaves under a page. */
function* leafCells(file: Buffer, pageSize: number, page: number, depth = 0): Generator<number> {
  const start = (page - 1) * pageSize;
  // The first page begins with the file's own header.
  const header = page === 1 ? 100 : start;
  const kind = file.readUInt8(header);
  const cells = file.readUInt16BE(header + 3);
  if (depth > 50 || (kind !== INTERIOR_TABLE && kind !== LEAF_TABLE)) {
    throw new RangeError('not a sound SQLite database');
  }
  const pointers = header + (kind === INTERIOR_TABLE ? 12 : 8);
  for (let index = 0; index < cells; index++) {
    const cell = start + file.readUInt16BE(pointers + 2 * index);
    if (kind === LEAF_TABLE) yield cell;
    else yield* leafCells(file, pageSize, file.readUInt32BE(cell), depth + 1);
  }
  if (kind === INTERIOR_TABLE) yield* leafCells(file, pageSize, file.readUInt32BE(header + 8), depth + 1);
}

/** A big-endian base-128 number of at most nine bytes, and where it ends. */
function readVarint(file: Buffer, at: number): [value: number, end: number] {
  let value = 0;
  for (let index = 0; index < 9; index++) {
    const byte = file.readUInt8(at + index);
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return [value, at + index + 1];
  }
  return [value, at + 9];
}

/** The first four columns of a schema row: type, name, table name, root page. The SQL after them may overflow. */
function readRecord(file: Buffer, cell: number): (string | number | null)[] {
  const [, afterLength] = readVarint(file, cell);
  const [, payload] = readVarint(file, afterLength);
  const [headerLength, afterHeaderLength] = readVarint(file, payload);
  let at = payload + headerLength;
  let types = afterHeaderLength;
  const columns: (string | number | null)[] = [];
  while (types < payload + headerLength && columns.length < 4) {
    const [type, next] = readVarint(file, types);
    types = next;
    const length =
      type >= 12 ? (type - (type % 2 === 0 ? 12 : 13)) / 2 : ([0, 1, 2, 3, 4, 6, 8, 8, 0, 0][type] ?? 0);
    if (type >= 13 && type % 2 === 1) columns.push(file.toString('utf8', at, at + length));
    else if (type >= 1 && type <= 5) columns.push(file.readIntBE(at, length));
    else columns.push(type === 8 ? 0 : type === 9 ? 1 : null);
    at += length;
  }
  return columns;
}
