import { oneFunctionEach } from '../../../stacks/guards/one-function-each';
import { type Blocks, findings, one } from '../../support/guard-findings';

const NAMES = [
  'process_ocr_results',
  'embed_from_ndjson',
  'stream_processor',
  'enhanced_compaction',
  'reconcile_runs',
];
const RIGHT: Blocks = Object.fromEntries(
  NAMES.map((name) => [`aws_lambda_function.${name}`, { role: name, filename: name }]),
);
const changed = (name: string, attributes: object): Blocks => ({
  ...RIGHT,
  [`aws_lambda_function.${name}`]: { ...RIGHT[`aws_lambda_function.${name}`], ...attributes },
});

it('accepts each of the five once', () => {
  expect(findings(oneFunctionEach, RIGHT)).toEqual([]);
});

it.each(NAMES)('refuses that %s is missing', (name) => {
  const { [`aws_lambda_function.${name}`]: _gone, ...others } = RIGHT;
  expect(findings(oneFunctionEach, others)).toEqual(
    one(RegExp(`^aws_lambda_function.${name}: The function is missing`)),
  );
});

it('refuses a sixth', () => {
  expect(findings(oneFunctionEach, { ...RIGHT, 'aws_lambda_function.twin': {} })).toEqual(
    one(/^aws_lambda_function.twin: .*twin is none of the pipeline's functions/),
  );
});

it.each(['role', 'filename'])('refuses that two share a %s, and names the first', (attribute) => {
  const shared = changed('stream_processor', { [attribute]: 'process_ocr_results' });
  expect(findings(oneFunctionEach, shared)).toEqual(
    one(
      RegExp(
        `^aws_lambda_function.stream_processor: .*has the same ${attribute} as aws_lambda_function.process_ocr_results`,
      ),
    ),
  );
});

it.each(['role', 'filename'])('does not call it shared that two have no %s', (attribute) => {
  const { [attribute as 'role']: _gone, ...bare } = { role: 'a', filename: 'b' };
  const others = { ...RIGHT, 'aws_lambda_function.stream_processor': bare };
  expect(
    findings(oneFunctionEach, {
      ...others,
      'aws_lambda_function.reconcile_runs': {
        ...bare,
        ...(attribute === 'role' ? { filename: 'c' } : { role: 'c' }),
      },
    }),
  ).toEqual([]);
});

it('refuses one that is created before its predecessor is gone', () => {
  expect(
    findings(oneFunctionEach, changed('stream_processor', { lifecycle: { create_before_destroy: true } })),
  ).toEqual(one(/^aws_lambda_function.stream_processor: .*AWS answers 409/));
  expect(findings(oneFunctionEach, changed('stream_processor', { lifecycle: {} }))).toEqual([]);
});
