const { rmSync } = require('node:fs');
const { dirname } = require('node:path');

module.exports = () => {
  for (const folder of [dirname(process.env.MIGRATE_BUCKETS_ENTRY), process.env.LOCAL_AWS_SERVERS])
    rmSync(folder, { recursive: true });
};
