#include "own_command.hpp"

#include "keeper/protocol.hpp"
#include "keeper_spec.hpp"
#include "system.hpp"

#include <boost/json.hpp>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

namespace loong::local {
namespace {

Error keeper_error(const std::string& program, const std::string& why) {
    return {ErrorCode::worker_unavailable, "loong-keeper " + program + ": " + why,
            "check that loong is installed whole"};
}

/// The descriptors that a keeper gets, moved out of the way of the numbers that they get there.
class Passed {
public:
    bool add(int source, int target) {
        Descriptor copy(::fcntl(source, F_DUPFD_CLOEXEC, keeper::first_other_descriptor + 8));
        if (!copy) return false;
        if (posix_spawn_file_actions_adddup2(&actions_, copy.get(), target) != 0) return false;
        copies_.push_back(std::move(copy));
        return true;
    }

    Passed() { posix_spawn_file_actions_init(&actions_); }
    Passed(const Passed&) = delete;
    Passed& operator=(const Passed&) = delete;
    ~Passed() { posix_spawn_file_actions_destroy(&actions_); }

    posix_spawn_file_actions_t* close_others() {
        posix_spawn_file_actions_addclosefrom_np(&actions_, keeper::given_input_descriptor);
        return &actions_;
    }

private:
    posix_spawn_file_actions_t actions_{};
    std::vector<Descriptor> copies_;
};

/// A session of its own, every signal blocked, none ignored.
class Attributes {
public:
    Attributes() {
        posix_spawnattr_init(&attributes_);
        sigset_t all;
        sigfillset(&all);
        posix_spawnattr_setsigmask(&attributes_, &all);
        posix_spawnattr_setsigdefault(&attributes_, &all);
        posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
                                                   POSIX_SPAWN_SETSIGDEF);
    }
    Attributes(const Attributes&) = delete;
    Attributes& operator=(const Attributes&) = delete;
    ~Attributes() { posix_spawnattr_destroy(&attributes_); }

    const posix_spawnattr_t* get() const { return &attributes_; }

private:
    posix_spawnattr_t attributes_{};
};

Result<pid_t> spawn(const KeeperStart& start, int spec, int control) {
    const Descriptor directory(::open(start.directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory) return system_error("directory " + start.directory, errno);
    Passed passed;
    if (!passed.add(spec, keeper::spec_descriptor) ||
        !passed.add(control, keeper::control_descriptor) ||
        !passed.add(start.lock, keeper::lock_descriptor) ||
        !passed.add(directory.get(), keeper::directory_descriptor) ||
        (start.confinement.ruleset &&
         !passed.add(start.confinement.ruleset.get(), keeper::ruleset_descriptor))) {
        return keeper_error(start.program, error_text(errno));
    }
    std::string name = "loong-keeper";
    std::string protocol = keeper::protocol_number;
    std::string session = start.session_id;
    std::string variable = std::string(keeper::session_variable) + "=" + session;
    const std::array<char*, 4> arguments{name.data(), protocol.data(), session.data(), nullptr};
    const std::array<char*, 2> environment{variable.data(), nullptr};
    const Attributes attributes;
    pid_t pid = 0;
    const int error = ::posix_spawn(&pid, start.program.c_str(), passed.close_others(),
                                    attributes.get(), arguments.data(), environment.data());
    if (error != 0) return keeper_error(start.program, error_text(error));
    return pid;
}

Error setup_failure(std::string_view packet) {
    boost::system::error_code failed;
    const boost::json::value parsed = boost::json::parse(packet, failed);
    std::string what = "its set-up";
    int number = 0;
    if (!failed && parsed.is_object()) {
        if (const auto* text = parsed.get_object().if_contains("what")) {
            if (text->is_string()) what = text->get_string();
        }
        if (const auto* value = parsed.get_object().if_contains("errno")) {
            number = value->to_number<int>(failed);
        }
    }
    return {ErrorCode::store_io,
            "loong-keeper could not prepare " + what + ": " + error_text(number),
            {}};
}

} // namespace

Result<std::unique_ptr<OwnCommand>> OwnCommand::start(const KeeperStart& start) {
    auto spec = write_keeper_spec(
        {start.command_id, start.session_id, start.limits, start.command, start.confinement});
    if (!spec) return std::move(spec).error();
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        return keeper_error(start.program, error_text(errno));
    }
    Descriptor ours(ends[0]);
    const Descriptor theirs(ends[1]);
    auto pid = spawn(start, spec->get(), theirs.get());
    if (!pid) return std::move(pid).error();
    // Our own unreaped child: its number stays its own, even if it has ended already.
    const ProcessIdentity keeper = identify(*pid).value_or(ProcessIdentity{*pid, 0});
    return std::unique_ptr<OwnCommand>(
        new OwnCommand(keeper, std::move(ours), start.directory, start.command_id));
}

OwnCommand::~OwnCommand() {
    if (!control_) return;
    control_.reset();
    // Once started it goes on without us; before, it is gone at once.
    if (!started_) reap();
}

void OwnCommand::send(char packet) {
    // A keeper that is gone is noticed when its end is read.
    while (::send(control_.get(), &packet, 1, MSG_NOSIGNAL) < 0 && errno == EINTR) {
    }
}

void OwnCommand::go() {
    started_ = true;
    send(keeper::go_packet);
}

void OwnCommand::ask() {
    send(keeper::end_packet);
    // Someone may have stopped it.
    if (!reaped_) ::kill(keeper_.pid, SIGCONT);
}

void OwnCommand::force() {
    send(keeper::force_packet);
    if (!reaped_) ::kill(keeper_.pid, SIGCONT);
}

void OwnCommand::detach() { control_.reset(); }

void OwnCommand::reap() {
    while (!reaped_ && ::waitpid(keeper_.pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    reaped_ = true;
}

Result<KeptCommand::Collected> OwnCommand::collect() {
    std::array<char, keeper::packet_limit> packet{};
    ssize_t count = ::recv(control_.get(), packet.data(), packet.size(), MSG_DONTWAIT);
    if (count < 0 && errno == ECONNRESET) {
        // It ended without having read all that we sent; its last packet comes after this error.
        count = ::recv(control_.get(), packet.data(), packet.size(), MSG_DONTWAIT);
    }
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return Collected{};
    reap();
    control_.reset();
    if (count > 0) {
        const std::string_view text(packet.data() + 1, static_cast<std::size_t>(count - 1));
        if (packet[0] == keeper::failure_packet) return setup_failure(text);
        return Collected{true, parse_exit_record(text)};
    }
    // Killed between writing the record and telling us, perhaps.
    auto record = read_exit_record(directory_, command_id_);
    if (!record) return std::move(record).error();
    return Collected{true, std::move(*record)};
}

} // namespace loong::local
