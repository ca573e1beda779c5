import { TerraformOutput } from 'cdktf';
import { Construct } from 'constructs';

/**
 * The names that an operator types. Exactly one output has `chromadb_bucket` in its name: the old system
 * had four, and the documented check "should see only one" could not pass.
 */
export class Outputs extends Construct {
  constructor(scope: Construct, id: string, values: Readonly<Record<string, string>>) {
    super(scope, id);
    for (const [name, value] of Object.entries(values)) {
      new TerraformOutput(this, name, { value, staticId: true }).overrideLogicalId(name);
    }
  }
}
