import { readFileSync } from 'node:fs';
import { NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser';

/** Prints what GitHub's own parser, which carries GitHub's schema, has against each of the named workflow files. */
const errors = process.argv.slice(2).map((path) => {
  const file = { name: path, content: readFileSync(path, 'utf8') };
  const { context } = parseWorkflow(file, new NoOperationTraceWriter());
  return [path, context.errors.getErrors().map(({ message }) => message)] as const;
});
process.stdout.write(JSON.stringify(Object.fromEntries(errors)));
