#pragma once
/// One command's keeper, from set-up to exit record.

#include "children.hpp"
#include "output.hpp"
#include "record.hpp"
#include "spec.hpp"

#include <cstdint>

namespace loong::keeper {

class Keeper {
public:
    /// Everything that can fail is done before the worker says go. False: the worker was told why.
    bool prepare();

    /// False: the worker is gone, and nothing was started.
    bool wait_for_go();

    /// Starts the command, keeps it and writes the exit record.
    void keep();

private:
    void tell_failure(const char* what, int error);
    /// 0, or why the mark could not be written.
    int mark_started();
    void wait_for_something();
    void obey_signals();
    void obey_worker();
    void ask(bool force);
    void look_after_command();
    void look_after_remains();
    [[nodiscard]] int poll_limit() const;
    void publish();

    Spec spec_;
    Output output_;
    Children* children_ = nullptr;
    Ending ending_;
    int ends_[2] = {-1, -1};
    int record_ = -1;
    int signals_ = -1;
    pid_t leader_ = 0;
    bool worker_is_there_ = true;
    bool leader_ended_ = false;
    bool finished_ = false;
    bool remains_asked_ = false;
    /// When everything that is left is killed (again); 0: not yet known.
    std::int64_t force_at_ = 0;
    int force_rounds_ = 0;
};

} // namespace loong::keeper
