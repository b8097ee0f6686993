{
  "target_defaults": {
    "cflags_cc!": ["-std=gnu++17", "-std=gnu++20", "-fno-rtti", "-O3"],
    "cflags": ["-Wall", "-Wextra", "-Werror", "-O2", "-fstack-protector-strong", "-D_FORTIFY_SOURCE=2"],
    "cflags!": ["-Wno-unused-parameter", "-O3"],
    "cflags_cc": ["-std=c++20"]
  },
  "targets": [
    {
      "target_name": "containerv",
      "sources": [
        "addon/addon.cc",
        "addon/clone_vfork.cc",
        "addon/control_socket.cc",
        "addon/descriptor_io.cc",
        "addon/fd_poll.cc",
        "addon/file_batch.cc",
        "addon/filter_program.cc",
        "addon/graveyard.cc",
        "addon/id_range.cc",
        "addon/launcher.cc",
        "addon/observed_task.cc",
        "addon/observer_js.cc",
        "addon/observer_plan.cc",
        "addon/oom_events.cc",
        "addon/process_list.cc",
        "addon/remove_tree.cc",
        "addon/source_tree.cc",
        "addon/start_init.cc",
        "addon/syscall_observer.cc"
      ],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=9", "NODE_ADDON_API_CPP_EXCEPTIONS"],
      "cflags_cc!": ["-fno-exceptions"],
      "cflags_cc": ["-fexceptions"],
      "cflags!": ["-fno-exceptions"]
    },
    {
      "target_name": "containerv-init",
      "type": "executable",
      "sources": [
        "init/account_file.cc",
        "init/cgroup_entry.cc",
        "init/child.cc",
        "init/client.cc",
        "init/confinement.cc",
        "init/descendants.cc",
        "init/descriptors.cc",
        "init/freezer.cc",
        "init/landlock.cc",
        "init/launcher.cc",
        "init/main.cc",
        "init/mount_table.cc",
        "init/mounts.cc",
        "init/namespaces.cc",
        "init/observed_filter.cc",
        "init/operations.cc",
        "init/overlay.cc",
        "init/plan.cc",
        "init/probe.cc",
        "init/process_table.cc",
        "init/program_header.cc",
        "init/rooted_path.cc",
        "init/spawn_request.cc",
        "init/supervisor.cc",
        "init/terminal.cc"
      ],
      "cflags_cc": ["-fno-exceptions", "-fno-rtti", "-fno-asynchronous-unwind-tables"],
      "ldflags": ["-static", "-Wl,--gc-sections", "-s"],
      "ldflags!": ["-rdynamic", "-pthread"],
      "cflags": ["-ffunction-sections", "-fdata-sections"]
    },
    {
      # Without a C library: starting one would cost as much as all the rest of a run.
      "target_name": "serve-exec",
      "type": "executable",
      "sources": [
        "serve-exec/command_line.cc",
        "serve-exec/connection.cc",
        "serve-exec/container_path.cc",
        "serve-exec/errors.cc",
        "serve-exec/line.cc",
        "serve-exec/main.cc",
        "serve-exec/runtime.cc",
        "serve-exec/session.cc",
        "serve-exec/spawn_message.cc",
        "serve-exec/terminal.cc"
      ],
      "defines": ["SERVE_EXEC_VERSION=\"<!(node -p \"require('../package.json').version\")\""],
      "cflags_cc": [
        "-fno-exceptions",
        "-fno-rtti",
        "-fno-asynchronous-unwind-tables",
        "-fno-threadsafe-statics",
        "-fno-tree-loop-distribute-patterns",
        "-fno-stack-protector",
        "-fno-pie",
        "-U_FORTIFY_SOURCE"
      ],
      "cflags!": ["-fstack-protector-strong", "-D_FORTIFY_SOURCE=2", "-fPIC"],
      "ldflags": ["-nostdlib", "-static", "-no-pie", "-Wl,--gc-sections", "-Wl,-z,noexecstack", "-s"],
      "ldflags!": ["-rdynamic", "-pthread"],
      "cflags": ["-ffunction-sections", "-fdata-sections"]
    }
  ]
}
