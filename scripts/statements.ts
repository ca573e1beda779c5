import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { STATEMENTS_PAGE } from '../stacks/guards/reviewed/statements';
import { statementsPage } from './statements/page';

/** `npm run statements`: writes the table of policy statements. A test fails, and so does a synthesis, while it is stale. */
writeFileSync(join(__dirname, '..', STATEMENTS_PAGE), statementsPage());
