import { type FileHandle, open } from 'node:fs/promises';
import { z } from 'zod';
import { parseJson } from '../../shared/parse-json';
import { fileLines } from './plan-file';
import { writing } from './writing';

const lineSchema = z.discriminatedUnion('kind', [
  /** Copied under a pin; the destination's ETag came out as this. */
  z.object({ kind: z.literal('copied'), key: z.string(), source: z.string(), destination: z.string() }),
  /** About to copy something that the manifest does not know. */
  z.object({ kind: z.literal('intent'), key: z.string(), source: z.string() }),
  /** An upload in parts began for this ETag of the source. */
  z.object({ kind: z.literal('upload'), key: z.string(), source: z.string(), upload_id: z.string() }),
]);
type JournalLine = z.infer<typeof lineSchema>;

/**
 * What the destination's listing cannot show: copies whose ETag differs from their source's, objects that
 * are ours though no plan names them, uploads in parts that can be resumed. Small: most objects never
 * appear in it.
 */
export class Journal {
  private readonly copies = new Map<string, Map<string, string>>();
  private readonly intents = new Map<string, Set<string>>();
  private readonly uploads = new Map<string, { source: string; uploadId: string }>();

  private constructor(
    private readonly path: string,
    private readonly file: FileHandle | undefined,
  ) {}

  /** Opens a journal for appending. A last line that a crash cut off is passed over. */
  static async open(path: string, options: { readonly readOnly?: boolean } = {}): Promise<Journal> {
    const file = options.readOnly === true ? undefined : await writing(path, () => open(path, 'a+'));
    const journal = new Journal(path, file);
    try {
      for await (const line of fileLines(path, 'journal')) {
        const parsed = lineSchema.safeParse(parseJson(line));
        if (parsed.success) journal.remember(parsed.data);
      }
    } catch (error) {
      if (options.readOnly !== true) throw error;
    }
    // Closes a line that was cut off, so that the next one does not grow onto it.
    await writing(path, async () => file?.appendFile('\n')).catch(async (error: unknown) => {
      await file?.close();
      throw error;
    });
    return journal;
  }

  /** Whether this destination ETag is what our pinned copy of this source ETag became. */
  proves(key: string, source: string, destination: string): boolean {
    return this.copies.get(key)?.get(source) === destination;
  }

  /** Whether the destination's ETag is one that we wrote. */
  wrote(key: string, destination: string): boolean {
    return (
      this.intents.get(key)?.has(destination) === true ||
      [...(this.copies.get(key)?.values() ?? [])].includes(destination)
    );
  }

  /** The upload in parts that was begun for this very ETag. */
  uploadFor(key: string, source: string): string | undefined {
    const upload = this.uploads.get(key);
    return upload?.source === source ? upload.uploadId : undefined;
  }

  /** @throws {UserError} when it cannot be written. What was cut off is passed over by the next {@link open}. */
  async add(line: JournalLine): Promise<void> {
    await writing(this.path, async () => this.file?.appendFile(`${JSON.stringify(line)}\n`));
    this.remember(line);
  }

  async close(): Promise<void> {
    await this.file?.close();
  }

  private remember(line: JournalLine): void {
    const { key, source } = line;
    if (line.kind === 'upload') this.uploads.set(key, { source, uploadId: line.upload_id });
    if (line.kind === 'intent') this.intents.set(key, (this.intents.get(key) ?? new Set()).add(source));
    if (line.kind === 'copied') {
      this.copies.set(key, (this.copies.get(key) ?? new Map()).set(source, line.destination));
    }
  }
}
