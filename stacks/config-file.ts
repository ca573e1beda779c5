import { visit } from 'jsonc-parser';

/**
 * The JSON of a configuration file. A byte order mark, which some editors write, is passed over.
 *
 * @throws {Error} where it is not JSON, or where a key stands twice: of two, JSON takes the last without a word.
 */
export function parseConfigFile(text: string, source: string): unknown {
  const json = text.replace(/^\uFEFF/, '');
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (error) {
    throw new Error(`${source} is not JSON: ${error instanceof Error ? error.message : error}. Correct it.`);
  }
  const twice = repeatedKeys(json);
  if (twice.length === 0) return parsed;
  throw new Error(`${source} is not usable:\n${twice.map((sentence) => `  - ${sentence}`).join('\n')}`);
}

function repeatedKeys(json: string): string[] {
  const sentences: string[] = [];
  const known = new Set<string>();
  visit(json, {
    onObjectProperty(key, _offset, _length, line, _column, pathOf) {
      const path = JSON.stringify([...pathOf(), key]);
      if (known.has(path)) {
        const name = [...pathOf(), key].join('.');
        sentences.push(
          `${name} stands there twice, the second time in line ${line + 1}; remove one of them.`,
        );
      }
      known.add(path);
    },
  });
  return sentences;
}
