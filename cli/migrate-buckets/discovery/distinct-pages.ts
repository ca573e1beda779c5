import { UserError } from '../../shared/user-error';

/**
 * Passes pages on. The SDK's paginators ask again for whatever page a token leads to, also when they were there
 * before: a service that repeats itself would be asked for ever.
 *
 * @param what - is listed, for people: `the buckets of the account`.
 * @throws {UserError} when a token comes again.
 */
export async function* distinctPages<Page>(
  what: string,
  pages: AsyncIterable<Page>,
  tokenOf: (page: Page) => string | undefined,
): AsyncGenerator<Page> {
  const seen = new Set<string>();
  for await (const page of pages) {
    const token = tokenOf(page);
    if (token !== undefined && seen.has(token)) {
      throw new UserError(
        `The list of ${what} goes round in circles: AWS led back to a page that came before. Try again.`,
      );
    }
    if (token !== undefined) seen.add(token);
    yield page;
  }
}
