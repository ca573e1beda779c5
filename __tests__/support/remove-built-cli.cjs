const { rmSync } = require('node:fs');
const { dirname } = require('node:path');

module.exports = () => rmSync(dirname(process.env.MIGRATE_BUCKETS_ENTRY), { recursive: true });
