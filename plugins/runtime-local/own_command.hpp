#pragma once
/// A command whose keeper this process started.

#include "command.hpp"
#include "confinement.hpp"
#include "descriptor.hpp"
#include "kept_command.hpp"
#include "processes.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace loong::local {

struct KeeperStart {
    /// loong-keeper.
    std::string program;
    /// The session's directory.
    std::string directory;
    /// The work lock's descriptor.
    int lock = -1;
    std::string command_id;
    std::string session_id;
    SessionLimits limits;
    Command command;
    Confinement confinement;
};

class OwnCommand : public KeptCommand {
public:
    /// Starts the keeper, which gets everything ready and waits for go(). Until then nothing of
    /// the command runs, and the end of this object or process makes the keeper go away.
    [[nodiscard]] static Result<std::unique_ptr<OwnCommand>> start(const KeeperStart& start);

    ~OwnCommand() override;

    [[nodiscard]] const ProcessIdentity& keeper() const noexcept { return keeper_; }

    /// Lets the keeper start the command.
    void go();

    /// Leaves the keeper and its command to themselves.
    void detach();

    [[nodiscard]] int descriptor() const override { return control_.get(); }
    void ask() override;
    void force() override;
    Result<Collected> collect() override;

private:
    OwnCommand(ProcessIdentity keeper, Descriptor control, std::string directory,
               std::string command_id)
        : keeper_(keeper),
          control_(std::move(control)),
          directory_(std::move(directory)),
          command_id_(std::move(command_id)) {}

    void send(char packet);
    void reap();

    ProcessIdentity keeper_;
    Descriptor control_;
    std::string directory_;
    std::string command_id_;
    bool started_ = false;
    bool reaped_ = false;
};

} // namespace loong::local
