import { ChromaRefusal } from './database';

/** Below the server's limit of 40 MiB, with room for what stands around the records. */
const BODY_BYTES = 24 * 1024 * 1024;

/**
 * Records in slices of at most `count`, and of about {@link BODY_BYTES} once they are JSON.
 *
 * @param bytesOf - what a record takes in a request. Bytes.
 */
export function* requestSlices<Each>(
  records: readonly Each[],
  count: number,
  bytesOf: (record: Each) => number,
): Generator<Each[]> {
  let slice: Each[] = [];
  let bytes = 0;
  for (const record of records) {
    const size = bytesOf(record);
    if (slice.length >= count || (slice.length > 0 && bytes + size > BODY_BYTES)) {
      yield slice;
      slice = [];
      bytes = 0;
    }
    slice.push(record);
    bytes += size;
  }
  if (slice.length > 0) yield slice;
}

/**
 * Sends a slice at once, or in halves as often as it is refused for what it is: a proxy before a server or the quota of
 * an account may take less than Chroma, and of a whole slice nobody knows which record it is.
 *
 * @returns the answers, in order.
 * @throws {ChromaRefusal} of a single record, the first that is refused.
 */
export async function sendHalving<Each, Answer>(
  slice: readonly Each[],
  send: (some: readonly Each[]) => Promise<Answer>,
): Promise<Answer[]> {
  try {
    return [await send(slice)];
  } catch (error) {
    if (!(error instanceof ChromaRefusal) || !error.isOfRequest || slice.length < 2) throw error;
    const half = Math.ceil(slice.length / 2);
    const first = await sendHalving(slice.slice(0, half), send);
    return [...first, ...(await sendHalving(slice.slice(half), send))];
  }
}
