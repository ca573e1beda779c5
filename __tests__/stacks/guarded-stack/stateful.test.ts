import { stateful } from '../../../stacks/guards/stateful';
import { complaints, moved, override, sentences } from '../../support/guarded-stack';
import { synthesize } from '../../support/template';

const STATEFUL = [
  'aws_s3_bucket.chromadb',
  'aws_dynamodb_table.compaction_runs',
  'aws_efs_file_system.chroma',
  'aws_kms_key.encryption',
  'aws_sqs_queue.lines',
  'aws_sqs_queue.lost_events_dlq',
];

describe('what holds data', () => {
  it.each(STATEFUL)('is never destroyed: %s', (address) => {
    const [type = '', name = ''] = address.split('.');
    expect(synthesize().resource(type, name)).toMatchObject({ lifecycle: { prevent_destroy: true } });
  });

  it.each(STATEFUL)('may not lose prevent_destroy: %s', (address) => {
    const message = complaints((stack) => override(stack, address, { 'lifecycle.prevent_destroy': false }));
    expect(message).toMatch(new RegExp(`stateful: .*${address} lacks prevent_destroy`));
  });

  it.each([
    ['aws_s3_bucket.chromadb', { force_destroy: true }, 'has force_destroy'],
    [
      'aws_dynamodb_table.compaction_runs',
      { deletion_protection_enabled: false },
      'lacks deletion protection',
    ],
    [
      'aws_dynamodb_table.compaction_runs',
      { 'point_in_time_recovery.enabled': false },
      'lacks point-in-time',
    ],
    [
      'aws_efs_file_system.chroma',
      { 'lifecycle.replace_triggered_by': ['aws_vpc.x'] },
      'is replaced when something else changes',
    ],
  ])('may not be weakened: %s %j', (address, attributes, fault) => {
    expect(complaints((stack) => override(stack, address, attributes))).toMatch(
      new RegExp(`stateful: .*${address} ${fault}`),
    );
  });

  it.each([
    ['aws_efs_file_system', 'chroma'],
    ['aws_kms_key', 'encryption'],
  ])('keeps its address when a construct is renamed: %s', (type, name) => {
    expect(sentences(stateful, moved(type, name))).toMatch(/is not at its pinned address/);
  });

  it('may go with an ephemeral environment, which says so by its own name', () => {
    const template = synthesize({ ephemeral: 'preview' }, { environment: 'preview' });
    expect(template.resource('aws_s3_bucket', 'chromadb')).toMatchObject({ force_destroy: true });
    expect(template.resource('aws_s3_bucket', 'chromadb')).not.toHaveProperty('lifecycle');
    expect(template.resource('aws_dynamodb_table', 'compaction_runs')).toMatchObject({
      deletion_protection_enabled: false,
    });
  });

  it("may not go when the file was copied from an ephemeral environment's", () => {
    expect(() => synthesize({ ephemeral: 'preview' }, { environment: 'prod' })).toThrow(
      /ephemeral is "preview"; allowed: "prod"/,
    );
  });
});
