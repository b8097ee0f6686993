#pragma once

namespace containerv {

// The text of src/help.ts of the package serve-exec, whose tests compare the two.
inline constexpr char kHelp[] = R"(Usage: serve-exec --container ID --path PATH --wdir DIR [--] [ARG...]
       serve-exec wrappers [options] NAME=PATH[:ARGS]...

Runs a command in a running container as if it were local: with this program's
input, output, terminal, signals and exit status.

Options:
  --container ID        The container.
  --path PATH           The command: a path in the container, or a name to be
                        looked up in the container's PATH.
  --wdir DIR            Where it starts, in the container (as the container says).
  --user USER[:GROUP]   Run as this user (as the container says).
  --timeout DURATION    End the command after this long, such as 500ms or 10s.
  --env NAME[=VALUE]    Set a variable, or hand on this one. May be repeated.
                        TERM, LANG, LANGUAGE and LC_* are always handed on.
  --help                Show this help. serve-exec wrappers --help: the other one.
  --version             Show the version.
  --print-native-path   Show where the native program is that does the same.

Options end at the first argument that is none of these, or at --.

Exit status: that of the command, 128+N when signal N ended it; 125 when
serve-exec itself failed, 126 when the command cannot be executed, 127 when it
is not found.
)";

}  // namespace containerv
