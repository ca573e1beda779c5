import { DataResource, TerraformLocal } from 'cdktf';
import { Construct } from 'constructs';
import type { StateRecordName } from '../names';

interface StateRecordProps {
  /** Its name in Terraform's addresses. */
  readonly name: StateRecordName;
  /** What the configuration says, and what a new state records. */
  readonly value: string;
  /** Whether another value is recorded in its place; else the first one is for good. */
  readonly mayChange: boolean;
  /** What to say when the state has another value on record, which `${self.output}` is. @default any is accepted */
  readonly refusal: string | undefined;
}

/**
 * What Terraform's state was made for, recorded in the state itself. A plan for anything else is refused with a
 * sentence, before anything is compared: `prevent_destroy` would stop the worst, and could not say what to do.
 */
export class StateRecord extends Construct {
  constructor(scope: Construct, id: string, { name, value, mayChange, refusal }: StateRecordProps) {
    super(scope, id);
    // By a name: a reference inside of the value is lost where the value is written into a longer expression.
    const wanted = new TerraformLocal(this, 'wanted', value);
    wanted.overrideLogicalId(name);
    const record = new DataResource(this, 'record');
    record.overrideLogicalId(name);
    record.addOverride('input', wanted.asString);
    if (mayChange) return;
    record.addOverride('lifecycle', {
      ignore_changes: ['input'],
      ...(refusal !== undefined && {
        postcondition: [{ condition: `\${self.output == ${wanted.asString}}`, error_message: refusal }],
      }),
    });
  }
}
