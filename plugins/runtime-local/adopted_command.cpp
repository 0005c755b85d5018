#include "adopted_command.hpp"

#include <csignal>

namespace loong::local {

void AdoptedCommand::ask() {
    send_signal(keeper_, SIGTERM);
    send_signal(keeper_, SIGCONT);
}

void AdoptedCommand::force() {
    send_signal(keeper_, SIGUSR1);
    send_signal(keeper_, SIGCONT);
}

Result<KeptCommand::Collected> AdoptedCommand::collect() {
    auto record = read_exit_record(directory_, command_id_);
    if (!record) return std::move(record).error();
    return Collected{true, std::move(*record)};
}

} // namespace loong::local
