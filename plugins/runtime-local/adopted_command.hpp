#pragma once
/// A command whose keeper another worker started, and left.

#include "descriptor.hpp"
#include "kept_command.hpp"
#include "processes.hpp"

#include <string>
#include <utility>

namespace loong::local {

class AdoptedCommand : public KeptCommand {
public:
    /// `keeper` is a descriptor of the keeper's process, not empty.
    AdoptedCommand(Descriptor keeper, std::string directory, std::string command_id)
        : keeper_(std::move(keeper)),
          directory_(std::move(directory)),
          command_id_(std::move(command_id)) {}

    [[nodiscard]] int descriptor() const override { return keeper_.get(); }
    void ask() override;
    void force() override;
    Result<Collected> collect() override;

private:
    Descriptor keeper_;
    std::string directory_;
    std::string command_id_;
};

} // namespace loong::local
