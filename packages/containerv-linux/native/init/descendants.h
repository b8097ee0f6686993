#pragma once

namespace containerv {

// Kills every descendant of this process and reaps it. Needs PR_SET_CHILD_SUBREAPER, so that
// orphans come back to us; returns when there is none left.
void kill_descendants(int proc);

}  // namespace containerv
