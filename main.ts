import { App } from 'cdktf';
import type { FunctionPackages } from './contracts/functions';
import { packageFunctions } from './functions/package';
import { loadConfig, type PipelineConfig } from './stacks/config';
import { PipelineStack } from './stacks/pipeline-stack';

/** The one stack's name: `npx cdktf plan` and `deploy` need no argument. */
const STACK = 'chroma-pipeline';

/** The app with its one stack, not yet synthesized. */
export function buildApp(config: PipelineConfig, packages: FunctionPackages, outdir?: string): App {
  const app = new App({ outdir });
  new PipelineStack(app, STACK, { config, packages });
  return app;
}

async function main(): Promise<void> {
  const config = loadConfig(process.env.ENVIRONMENT ?? 'dev');
  const packages = await packageFunctions({ architecture: config.functions.architecture });
  buildApp(config, packages).synth();
}

if (require.main === module) {
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}
