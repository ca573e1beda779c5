import { counted } from '../../shared/counted';
import type { PersistDirectory } from './persist-directory';

/** A vector index of a Chroma database, as the database knows it. */
export interface VectorSegment {
  readonly id: string;
  /** The name of its collection. */
  readonly collection: string;
  /** How many records it must hold at least: the log has them no more. */
  readonly indexed: number;
}

/** What the header of an index says. */
interface IndexHeader {
  /** Elements that there is room for. */
  readonly room: number;
  /** Elements that it holds, those included that were deleted since. */
  readonly elements: number;
  /** Bytes of each in `data_level0.bin`. */
  readonly elementSize: number;
}

/**
 * Whether the files of the vector indexes agree with the database: each index holds as many elements as it must,
 * and its files have room for them. Pure.
 *
 * @returns the first disagreement, or how many elements the indexes hold: none where the log still has every vector.
 */
export function compareIndexes(
  segments: readonly VectorSegment[],
  { sizes, headers }: Pick<PersistDirectory, 'sizes' | 'headers'>,
): { readonly disagreement: string } | { readonly elements: number } {
  let elements = 0;
  for (const { id, collection, indexed } of segments) {
    const file = headers.get(id);
    if (file === undefined) {
      if (indexed === 0) continue;
      return {
        disagreement: `${collection} has ${counted(indexed, 'record')} whose vector index is missing`,
      };
    }
    const header = parseHeader(file);
    if (header === undefined) {
      return { disagreement: `the vector index of ${collection} has a damaged header` };
    }
    if (header.elements < indexed) {
      return {
        disagreement: `the vector index of ${collection} holds ${counted(header.elements, 'element')}, and ${counted(indexed, 'record')} must be in it`,
      };
    }
    const wanted = { 'data_level0.bin': header.elementSize, 'length.bin': LENGTH_SIZE };
    for (const [name, each] of Object.entries(wanted)) {
      const size = sizes.get(`${id}/${name}`) ?? 0;
      if (size < header.elements * each) {
        return {
          disagreement: `${name} of ${collection} has ${size} bytes, too few for ${counted(header.elements, 'element')}`,
        };
      }
    }
    elements += header.elements;
  }
  return { elements };
}

/** Bytes that `length.bin` has for an element. */
const LENGTH_SIZE = 4;

/**
 * Chroma's hnswlib writes the header as numbers in the order of the machine, which is little-endian wherever Chroma
 * runs: the version of the format, the offset of the lowest level, the room, the elements, the size of an element …
 * (`HierarchicalNSW` in github.com/chroma-core/hnswlib).
 */
function parseHeader(file: Buffer): IndexHeader | undefined {
  if (file.length !== HEADER_SIZE || file.readInt32LE(0) !== FORMAT_VERSION) return undefined;
  const numberAt = (offset: number) => Number(file.readBigUInt64LE(offset));
  const [room, elements, elementSize] = [numberAt(12), numberAt(20), numberAt(28)];
  return elements > room || elementSize === 0 ? undefined : { room, elements, elementSize };
}

const HEADER_SIZE = 100;
const FORMAT_VERSION = 1;
