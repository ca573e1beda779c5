import { App } from 'cdktf';
import type { FunctionPackages } from './contracts/functions';
import { packageFunctions } from './functions/package';
import { loadConfig, type PipelineConfig } from './stacks/config';
import { PipelineStack } from './stacks/pipeline-stack';
import { separate } from './stacks/working-directory';

/** The app with its one stack, not yet synthesized: `npx cdktf plan` and `deploy` need no argument. */
export function buildApp(config: PipelineConfig, packages: FunctionPackages, outdir?: string): App {
  const app = new App({ outdir });
  separate(app, new PipelineStack(app, config.prefix, { config, packages }), config);
  return app;
}

async function main(): Promise<void> {
  const config = loadConfig();
  const packages = await packageFunctions({ architecture: config.functions.architecture });
  buildApp(config, packages).synth();
}

if (require.main === module) {
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}
