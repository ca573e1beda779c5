import type { CommandUnknownOpts } from '@commander-js/extra-typings';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

interface Completed {
  readonly name: string;
  readonly description: string;
  readonly options: readonly {
    readonly long: string;
    readonly description: string;
    readonly takesValue: boolean;
  }[];
}

/** What a shell runs to complete a program's commands and options. Values and files are left to the shell. */
export function completionScript(
  program: string,
  declarations: readonly CommandUnknownOpts[],
  shell: Shell,
): string {
  const commands = declarations.map(completedBy);
  return shell === 'fish' ? fish(program, commands) : bash(program, commands, shell);
}

const completedBy = (declaration: CommandUnknownOpts): Completed => ({
  name: declaration.name(),
  description: declaration.description(),
  options: declaration.options.flatMap(({ long, description, required }) =>
    long === undefined || long === null ? [] : [{ long, description, takesValue: required }],
  ),
});

/** Zsh runs the same by its own imitation of bash's completion. */
function bash(program: string, commands: readonly Completed[], shell: Shell): string {
  const name = `_${program.replaceAll('-', '_')}`;
  const cases = commands.map(
    (each) => `    ${each.name}) words="${each.options.map(({ long }) => long).join(' ')} --help" ;;`,
  );
  return [
    ...(shell === 'zsh' ? ['autoload -U +X bashcompinit && bashcompinit'] : []),
    `${name}() {`,
    `  local current="\${COMP_WORDS[COMP_CWORD]}" words=""`,
    `  case "\${COMP_WORDS[1]}" in`,
    ...cases,
    '  esac',
    `  [ "$COMP_CWORD" -gt 1 ] || words="${commands.map((each) => each.name).join(' ')} --help --version"`,
    // Without a dash it is a value: the shell's own completion knows files.
    `  [ "$COMP_CWORD" -eq 1 ] || [ "\${current:0:1}" = "-" ] || words=""`,
    '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
    '}',
    `complete -o default -F ${name} ${program}`,
  ].join('\n');
}

function fish(program: string, commands: readonly Completed[]): string {
  const quoted = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  return commands
    .flatMap(({ name, description, options }) => [
      `complete -c ${program} -n __fish_use_subcommand -a ${name} -d ${quoted(description)}`,
      ...options.map(
        ({ long, description: said, takesValue }) =>
          `complete -c ${program} -n ${quoted(`__fish_seen_subcommand_from ${name}`)} -l ${long.slice(2)}${takesValue ? ' -r' : ''} -d ${quoted(said)}`,
      ),
    ])
    .join('\n');
}
