import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Testing } from 'cdktf';
import { statementsPage } from '../../scripts/statements/page';
import { VARIANTS } from '../../scripts/statements/variants';
import { STATEMENTS_PAGE } from '../../stacks/guards/reviewed/statements';
import { PipelineStack } from '../../stacks/pipeline-stack';
import { smallPackages } from '../support/template';
import { ENVIRONMENTS, shipped } from './shipped-environments';

const committed = readFileSync(join(__dirname, '..', '..', STATEMENTS_PAGE), 'utf8');

it('the table of statements is what the stack synthesizes: "npm run statements" writes it anew', () => {
  expect(committed.split('\n')).toEqual(statementsPage().split('\n'));
});

it("no row names an account, a region or a key: they are the configuration's", () => {
  expect(committed).not.toMatch(/\d{12}|statements-of-all|mx-central-1|of-the-embedding|of-chroma/);
});

it.each([
  '{name}-{environment}',
  '{region}',
  '{embedding.secretName}',
  '{chroma.secretName}',
  '{encryption.keyArn}',
  '{encryption.formerKeyArns}',
])('some row depends on %s', (setting) => {
  expect(committed).toContain(setting);
});

const packages = smallPackages();

it.each(VARIANTS)('every guard lets %s pass', (_about, config) => {
  const stack = new PipelineStack(Testing.app(), config.prefix, { config, packages });
  expect(stack.node.validate()).toEqual([]);
});

it.each(ENVIRONMENTS)('every guard lets the shipped environment %s pass', (environment) => {
  expect(() => shipped(environment)).not.toThrow();
});
