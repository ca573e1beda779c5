import type { ResultOf } from '../../../contracts/migrate-buckets/output';
import { command, declare, type Outcome } from '../../shared/command';
import { EXIT } from '../../shared/exit-codes';
import { bad, heading } from '../../shared/reporters/text';

export const report = command(
  declare(
    'report',
    'Write one HTML page that says why it was safe: the evidence, the proofs, the gates, what was deleted. In every phase. Read-only, needs no AWS.',
    `migrate-buckets report plan.json
     migrate-buckets report plan.json --out report.html`,
  )
    .argument('<plan>', 'the file that plan wrote')
    .option('--out <file>', "where the page goes (default: beside the plan, under the plan's name)"),
  async (context, [path], { out }): Promise<Outcome<ResultOf<'report'>>> => {
    const { gatherReport }: typeof import('../report/gather-report') = require('../report/gather-report');
    const { reportPage }: typeof import('../report/page') = require('../report/page');
    const {
      planFiles,
      writeWhole,
    }: typeof import('../plan-files/plan-file') = require('../plan-files/plan-file');
    const page = out ?? planFiles(path).report;
    const gathered = await gatherReport(path, context.tool);
    await writeWhole(page, reportPage(gathered));
    const { sentence, evidence, concerns } = gathered.verdict;
    return {
      exitCode: EXIT.ok,
      data: { path: page, report: gathered },
      text: [
        heading(sentence),
        ...evidence.map((each) => `  ${each}`),
        ...concerns.map((each) => bad(`  ${each}`)),
        `The page: ${page}`,
      ].join('\n'),
    };
  },
);
