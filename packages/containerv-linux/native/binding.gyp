{
  # `-Dsanitize=1` is for tests/security/sanitize.mjs alone: AddressSanitizer and UndefinedBehaviorSanitizer, which need
  # a C library that can be loaded.
  "variables": {"sanitize%": 0, "sanitizer_report%": ""},
  "target_defaults": {
    "cflags_cc!": ["-std=gnu++17", "-std=gnu++20", "-fno-rtti", "-O3"],
    "cflags": ["-Wall", "-Wextra", "-Werror", "-O2", "-fstack-protector-strong", "-D_FORTIFY_SOURCE=2"],
    "cflags!": ["-Wno-unused-parameter", "-O3"],
    "cflags_cc": ["-std=c++20"],
    "conditions": [
      ["sanitize==1", {
        "cflags": ["-O1", "-g", "-fno-omit-frame-pointer", "-fsanitize=address,undefined", "-fno-sanitize=vptr"],
        "cflags!": ["-O2", "-D_FORTIFY_SOURCE=2"],
        "ldflags": ["-fsanitize=address,undefined"]
      }]
    ]
  },
  "targets": [
    {
      "target_name": "containerv",
      "sources": [
        "addon/addon.cc",
        "addon/bpf_js.cc",
        "addon/clone_vfork.cc",
        "addon/control_socket.cc",
        "addon/descriptor_io.cc",
        "addon/device_nodes.cc",
        "addon/fd_poll.cc",
        "addon/file_batch.cc",
        "addon/file_steps.cc",
        "addon/filter_program.cc",
        "addon/graveyard.cc",
        "addon/id_maps.cc",
        "addon/id_range.cc",
        "addon/image_mount.cc",
        "addon/launcher.cc",
        "addon/map_helper.cc",
        "addon/netlink.cc",
        "addon/netlink_js.cc",
        "addon/layer_marks.cc",
        "addon/observed_task.cc",
        "addon/observer_js.cc",
        "addon/observer_plan.cc",
        "addon/oom_events.cc",
        "addon/process_list.cc",
        "addon/port_claim.cc",
        "addon/remove_group.cc",
        "addon/remove_tree.cc",
        "addon/source_tree.cc",
        "addon/start_init.cc",
        "addon/start_worker.cc",
        "addon/syscall_observer.cc",
        "addon/user_network.cc",
        "addon/transfer/copy_contents.cc",
        "addon/transfer/download.cc",
        "addon/transfer/session.cc",
        "addon/transfer/transfer_js.cc",
        "addon/transfer/upload.cc",
        "common/transfer/attributes.cc",
        "common/transfer/tree_source.cc",
        "common/transfer/tree_target.cc"
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
        "common/transfer/attributes.cc",
        "common/transfer/tree_source.cc",
        "common/transfer/tree_target.cc",
        "init/account_file.cc",
        "init/cgroup_entry.cc",
        "init/called_task.cc",
        "init/child.cc",
        "init/client.cc",
        "init/confinement.cc",
        "init/descendants.cc",
        "init/descriptors.cc",
        "init/file_attributes.cc",
        "init/freezer.cc",
        "init/landlock.cc",
        "init/launcher.cc",
        "init/layer_owners.cc",
        "init/link_table.cc",
        "init/log_table.cc",
        "init/lower_set.cc",
        "init/main.cc",
        "init/mount_table.cc",
        "init/mounts.cc",
        "init/namespaces.cc",
        "init/network.cc",
        "init/observed_filter.cc",
        "init/operations.cc",
        "init/overlay.cc",
        "init/overlay_marks.cc",
        "init/own_policy.cc",
        "init/plan.cc",
        "init/probe.cc",
        "init/process_table.cc",
        "init/program_header.cc",
        "init/rooted_path.cc",
        "init/sent_message.cc",
        "init/socket_broker.cc",
        "init/socket_call.cc",
        "init/socket_rules.cc",
        "init/socket_send.cc",
        "init/spawn_request.cc",
        "init/supervisor.cc",
        "init/sysctl_value.cc",
        "init/terminal.cc",
        "init/transfer_agent.cc",
        "init/transfer_filter.cc",
        "init/tree_changes.cc",
        "init/tree_copy.cc",
        "init/tree_removal.cc",
        "init/user_network.cc",
        "init/worker.cc"
      ],
      "cflags_cc": ["-fno-exceptions", "-fno-rtti", "-fno-asynchronous-unwind-tables"],
      "ldflags": ["-Wl,--gc-sections"],
      "ldflags!": ["-rdynamic", "-pthread"],
      "cflags": ["-ffunction-sections", "-fdata-sections"],
      "conditions": [
        ["sanitize==1", {
          "sources": ["sanitize/report.cc"],
          "defines": ["SANITIZER_REPORT=\"<(sanitizer_report)\""]
        }, {
          "ldflags": ["-static", "-s"]
        }]
      ]
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
        "serve-exec/output.cc",
        "serve-exec/runtime.cc",
        "serve-exec/session.cc",
        "serve-exec/spawn_message.cc",
        "serve-exec/terminal.cc"
      ],
      "conditions": [
        ["sanitize==1", {
          "sources": ["sanitize/report.cc", "sanitize/serve_exec_main.cc"],
          "defines": ["SANITIZER_REPORT=\"<(sanitizer_report)\""]
        }, {
          "sources": ["serve-exec/start.cc"],
          "ldflags": ["-nostdlib", "-static", "-s"]
        }]
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
      "ldflags": ["-no-pie", "-Wl,--gc-sections", "-Wl,-z,noexecstack"],
      "ldflags!": ["-rdynamic", "-pthread"],
      "cflags": ["-ffunction-sections", "-fdata-sections"]
    }
  ]
}
