const { readFileSync } = require('node:fs');
const { join } = require('node:path');

/**
 * The arrows of the house, read from the two tables of the map in CONTRIBUTING.md, so that the page and the check
 * cannot differ: "may import" names the folders that a folder may reach beside itself; in the table of layers a
 * layer may reach those below it. A circle is refused wherever it is.
 */
const tables = readFileSync(join(__dirname, 'CONTRIBUTING.md'), 'utf8')
  .split('\n\n')
  .filter((part) => part.startsWith('| '))
  .map((table) =>
    table
      .trim()
      .split('\n')
      .map((row) =>
        row
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      ),
  );
const tableOf = (heading) => {
  const [, , ...rows] = tables.find(([head]) => head.at(0) === heading) ?? [];
  if (rows.length === 0) throw new Error(`CONTRIBUTING.md has no table that begins with "${heading}".`);
  return rows;
};

const named = (cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name.replace(/\/$/, ''));
/** A `*` stands for one folder: what it was in the importing file is meant again where a file is imported. */
const importing = (name) => `^${name.replaceAll('.', '\\.').replace('*', '([^/.]+)')}(/|$)`;
const imported = (name) => importing(name).replace('([^/.]+)', '$1');
const isWithin = (name, outer) =>
  name !== outer && name.startsWith(outer.includes('*') ? outer.replace('*', '') : `${outer}/`);

const folders = tableOf('folder').map(([folder, , reach]) => {
  const [name] = named(folder);
  return {
    name,
    said: named(reach).join(', ') || 'nothing of ours',
    reach: reach === 'anything' ? ['.*'] : named(reach),
  };
});
const layers = tableOf('layer').flatMap(([layer]) => named(layer).map((name) => ({ name })));
const belowThem = folders.find(({ name }) => layers[0].name.startsWith(`${name}/`)).reach;
const rows = [
  ...folders,
  ...layers.map(({ name }, index) => ({
    name,
    said: `the layers below it, ${belowThem.join(', ')}`,
    reach: [...belowThem, ...layers.slice(index + 1).map((below) => below.name)],
  })),
];
const ours = rows.map(({ name }) => importing(name));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-circle',
      comment: 'These files import each other in a circle. Move what they share below them.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-circle-of-folders',
      comment: 'These folders import each other in a circle. Move what they share into one below them.',
      severity: 'error',
      scope: 'folder',
      from: {},
      to: { circular: true },
    },
    {
      name: 'one-entry',
      comment: 'A package has one entry: import it by its name, and export there what is missing.',
      severity: 'error',
      from: { pathNot: '^packages/' },
      to: { path: '^packages/[^/]+/src/', pathNot: '^packages/[^/]+/src/index\\.ts$' },
    },
    ...rows
      .filter(({ reach }) => !reach.includes('.*'))
      .map(({ name, said, reach }) => ({
        name: `map-of-${name}`,
        comment: `${name} may import ${said}: see the map in CONTRIBUTING.md.`,
        severity: 'error',
        from: {
          path: importing(name),
          pathNot: rows.filter((row) => isWithin(row.name, name)).map((row) => importing(row.name)),
        },
        to: { path: ours, pathNot: [name, ...reach].map(imported) },
      })),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: join(__dirname, 'tsconfig.json') },
    doNotFollow: { path: 'node_modules' },
  },
};
