#include "finding_codes.hpp"
#include "machine_findings.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

namespace loong {
namespace {

namespace fs = std::filesystem;
using test::TemporaryDirectory;

/// Exactly that one, told whole.
Diagnosed expect_found(const std::vector<Diagnosed>& findings, const std::string& code) {
    EXPECT_EQ(findings.size(), 1U) << code;
    if (findings.size() != 1) return {};
    const Finding& finding = findings.front().finding;
    EXPECT_EQ(finding.code, code);
    EXPECT_FALSE(finding.cause.empty());
    EXPECT_FALSE(finding.fix.empty());
    EXPECT_FALSE(finding.repairable);
    EXPECT_FALSE(is_fact(finding));
    return findings.front();
}

class MachineFindings : public testing::Test {
protected:
    std::string file(const std::string& name, unsigned mode) const {
        std::string path = directory.path() + "/" + name;
        std::ofstream(path) << "text";
        fs::permissions(path, static_cast<fs::perms>(mode));
        return path;
    }
    TemporaryDirectory directory;
};

TEST_F(MachineFindings, FileWatches) {
    EXPECT_TRUE(file_watch_findings({0, 128}, 4).empty());
    EXPECT_TRUE(file_watch_findings({0, std::nullopt}, 4).empty());
    EXPECT_TRUE(file_watch_findings({0, 32}, 4).empty());
    const Diagnosed few = expect_found(file_watch_findings({0, 31}, 4), "few_file_watches");
    EXPECT_NE(few.finding.cause.find("31 file watches, and 32"), std::string::npos);
    EXPECT_EQ(few.command, "sysctl fs.inotify.max_user_instances=64");
    expect_found(file_watch_findings({0, 128}, 100), "few_file_watches");
    const Diagnosed none = expect_found(file_watch_findings({EMFILE, 128}, 4), "few_file_watches");
    EXPECT_NE(none.finding.cause.find("no file watch left"), std::string::npos);
    EXPECT_EQ(none.command, "sysctl fs.inotify.max_user_instances=256");
    expect_found(file_watch_findings({EMFILE, std::nullopt}, 4), "few_file_watches");
}

TEST_F(MachineFindings, Programs) {
    const std::string program = file("program", 0700);
    EXPECT_TRUE(program_findings(program, program).empty());
    expect_found(program_findings(directory.path() + "/none", program), "worker_missing");
    expect_found(program_findings(program, directory.path() + "/none"), "keeper_missing");
    const std::string text = file("text", 0600);
    expect_found(program_findings(program, text), "keeper_missing");
}

TEST_F(MachineFindings, Places) {
    const std::string own = file("own", 0644);
    const std::string open = file("o pen", 0666);
    EXPECT_TRUE(place_findings("", directory.path() + "/none").empty());
    EXPECT_TRUE(place_findings(own, own).empty());
    const Diagnosed config = expect_found(place_findings(open, own), "config_permissions");
    EXPECT_EQ(config.command, "chmod go-w '" + open + "'");
    expect_found(place_findings(own, open), "state_permissions");
}

TEST_F(MachineFindings, NotifyCommand) {
    Config config;
    EXPECT_TRUE(notifier_findings(config).empty());
    config.notify_command = {"sh", "-c", "true"};
    EXPECT_TRUE(notifier_findings(config).empty());
    config.notify_command = {file("program", 0700)};
    EXPECT_TRUE(notifier_findings(config).empty());
    config.notify_command = {file("text", 0600)};
    expect_found(notifier_findings(config), "notifier_missing");
    config.notify_command = {"no-such-notifier"};
    const Diagnosed found = expect_found(notifier_findings(config), "notifier_missing");
    EXPECT_NE(found.finding.cause.find("no-such-notifier"), std::string::npos);
}

TEST(ControlGroupFindings, ASentenceAndWhatToDo) {
    EXPECT_TRUE(control_group_findings("").empty());
    const Diagnosed found = expect_found(
        control_group_findings("the work may be ended; start it from elsewhere"), "control_group");
    EXPECT_EQ(found.finding.cause, "the work may be ended");
    EXPECT_EQ(found.finding.fix, "start it from elsewhere");
    expect_found(control_group_findings("the work may be ended"), "control_group");
}

} // namespace
} // namespace loong
