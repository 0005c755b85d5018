#include "plugins.hpp"
#include "support/fake_session_context.hpp"
#include "support/temporary_directory.hpp"
#include "support/test_ids.hpp"
#include "support/test_store_host.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sys/stat.h>
#include <unistd.h>

namespace loong {
namespace {

using test::FakeSessionContext;
using test::TemporaryDirectory;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

namespace fs = std::filesystem;

/// Each test has a directory of plugins of its own, and ends with a plugin that works.
class PluginsTest : public testing::Test {
protected:
    PluginsTest() {
        fs::create_directory(places.front());
        // Not everybody's files are their own in the build tree.
        ::chmod(places.front().c_str(), 0755);
        add("healthy");
        ::setenv("LOONG_TEST_MARK", mark.c_str(), 1);
    }
    ~PluginsTest() override { ::unsetenv("LOONG_TEST_MARK"); }

    void TearDown() override {
        const auto runtime = load_runtime("healthy", places, {"h", {}});
        ASSERT_TRUE(runtime) << runtime.error().message;
        EXPECT_TRUE((*runtime)->check({}));
        EXPECT_EQ((*runtime)->run(context)->kind, OutcomeKind::completed);
    }

    /// Copies one of the bad plugins into this test's directory.
    std::string add(const std::string& name, std::string as = {}) {
        if (as.empty()) as = name;
        std::string file = places.front() + "/" + as + ".so";
        fs::copy_file(LOONG_TEST_PLUGINS "/" + name + ".so", file);
        ::chmod(file.c_str(), 0644);
        return file;
    }
    std::string add_text(const std::string& name, const std::string& text) {
        std::string file = places.front() + "/" + name + ".so";
        std::ofstream(file, std::ios::binary) << text;
        ::chmod(file.c_str(), 0644);
        return file;
    }
    static std::string contents(const std::string& file) {
        std::ifstream stream(file, std::ios::binary);
        return {std::istreambuf_iterator<char>(stream), {}};
    }

    Error refused(const std::string& name) {
        auto runtime = load_runtime(name, places, {"r", {}});
        if (!runtime) return std::move(runtime).error();
        ADD_FAILURE() << "loaded: " << name;
        return {};
    }
    /// Adds a plugin and expects that it is refused with `FILE: WHY`.
    void expect_refused(const std::string& name, const std::string& why) {
        const std::string file = add(name);
        const Error error = refused(name);
        EXPECT_EQ(error.code, ErrorCode::plugin_refused) << name;
        EXPECT_EQ(error.message, file + ": " + why);
    }
    PluginFile find(const std::string& name) {
        for (PluginFile& plugin : find_plugins(places)) {
            if (plugin.name == name) return plugin;
        }
        ADD_FAILURE() << "not found: " << name;
        return {};
    }

    TemporaryDirectory directory;
    std::vector<std::string> places{directory / "plugins"};
    std::string mark = directory / "mark";
    FakeSessionContext context{SessionSpec{}, directory.path(), "/nowhere"};
};

TEST_F(PluginsTest, AHealthyPluginIsFoundByNameAndByPath) {
    EXPECT_TRUE(load_runtime("healthy", places, {}));
    EXPECT_TRUE(load_runtime(places.front() + "/healthy.so", {}, {}));
    fs::create_symlink(places.front() + "/healthy.so", places.front() + "/link.so");
    EXPECT_TRUE(load_runtime("link", places, {}));
    const PluginFile plugin = find("healthy");
    EXPECT_EQ(plugin.file, places.front() + "/healthy.so");
    EXPECT_EQ(plugin.kind, PluginKind::runtime);
    EXPECT_FALSE(plugin.refused);
}

TEST_F(PluginsTest, ALibraryThatIsNoPlugin) {
    expect_refused("no-symbol", "exports no loong_runtime_v1, so it is no runtime for loong; "
                                "LOONG_RUNTIME_PLUGIN in its source makes it one");
    EXPECT_EQ(find("no-symbol").refused->message,
              places.front() + "/no-symbol.so: is no plugin for loong");
}

TEST_F(PluginsTest, AnOlderInterface) {
    expect_refused("older-interface", "built for loong runtime interface 0, this loong has 1; "
                                      "rebuild it against loong 0.1");
}

TEST_F(PluginsTest, ANewerInterface) {
    expect_refused("newer-interface", "built for loong runtime interface 2, this loong has 1; "
                                      "rebuild it against loong 0.1");
    const PluginFile plugin = find("newer-interface");
    EXPECT_EQ(plugin.kind, PluginKind::runtime);
    ASSERT_TRUE(plugin.refused);
    EXPECT_EQ(plugin.refused->code, ErrorCode::plugin_refused);
    EXPECT_THAT(plugin.refused->message, HasSubstr("interface 2, this loong has 1"));
}

TEST_F(PluginsTest, WhatIsRefusedRunsNothing) {
    add("newer-interface");
    add("right-interface");
    EXPECT_EQ(find_plugins(places).size(), 3U);
    EXPECT_EQ(refused("newer-interface").code, ErrorCode::plugin_refused);
    const StoreSetup setup{{}, directory.path(), nullptr};
    EXPECT_EQ(load_store("right-interface", places, setup).error().code, ErrorCode::plugin_refused);
    EXPECT_FALSE(fs::exists(mark)) << "a plugin that was only looked at has run";
    // The same code in a plugin that is loaded leaves the mark, so the test would see it.
    EXPECT_TRUE(load_runtime("right-interface", places, {}));
    EXPECT_TRUE(fs::exists(mark));
}

TEST_F(PluginsTest, ADescriptorOfTheRightNameWithAnotherNumber) {
    expect_refused("other-number", "says that it was built for loong runtime interface 7, this "
                                   "loong has 1; rebuild it against loong 0.1");
}

TEST_F(PluginsTest, ADescriptorThatIsTooSmall) {
    expect_refused(
        "small-descriptor",
        "its descriptor has 16 bytes, this loong needs 64; rebuild it against loong 0.1");
}

TEST_F(PluginsTest, ALargerDescriptorIsThatOfALaterLoong) {
    add("larger-descriptor");
    EXPECT_TRUE(load_runtime("larger-descriptor", places, {}));
}

TEST_F(PluginsTest, AnotherLayout) {
    add("other-layout");
    const Error error = refused("other-layout");
    EXPECT_EQ(error.code, ErrorCode::plugin_refused);
    EXPECT_THAT(error.message, HasSubstr("other-layout.so: built where the types of the runtime "
                                         "interface have another layout (0000000000001234, with "
                                         "the headers of loong 0.1.0; this loong has "));
    EXPECT_THAT(error.message, EndsWith("rebuild it with the headers of this loong and the same "
                                        "C++ standard library"));
}

TEST_F(PluginsTest, ADescriptorThatLacksSomething) {
    expect_refused("empty-id", "its descriptor has no id");
    expect_refused("null-id", "its descriptor has no id");
    expect_refused("empty-version", "its descriptor has no version");
    expect_refused("no-create", "its descriptor has no create function");
    expect_refused("no-destroy", "its descriptor has no destroy function");
}

TEST_F(PluginsTest, CreateGivesNothing) {
    add("create-gives-nothing");
    const Error error = refused("create-gives-nothing");
    EXPECT_EQ(error.code, ErrorCode::plugin_fault);
    EXPECT_EQ(error.message,
              "plugin create-gives-nothing: create: gave nothing and did not say why");
}

TEST_F(PluginsTest, CreateFails) {
    add("create-fails");
    const Error error = refused("create-fails");
    EXPECT_EQ(error.code, ErrorCode::invalid_config);
    EXPECT_EQ(error.message, "runtime r: key 'port': is missing");
    EXPECT_EQ(error.hint, "add it");
}

TEST_F(PluginsTest, CreateThrows) {
    add("create-throws");
    EXPECT_EQ(refused("create-throws").code, ErrorCode::plugin_fault);
    EXPECT_EQ(refused("create-throws").message, "plugin create-throws: create threw: no luck");
    add("create-throws-int");
    EXPECT_EQ(refused("create-throws-int").code, ErrorCode::plugin_fault);
    EXPECT_THAT(refused("create-throws-int").message, StartsWith("plugin create-throws: create: "));
}

TEST_F(PluginsTest, MethodsOfARuntimeThrow) {
    for (const auto& [name, what] :
         {std::pair("methods-throw", "threw no luck"),
          std::pair("methods-throw-int", "threw something that is no std::exception")}) {
        add(name);
        const auto loaded = load_runtime(name, places, {});
        ASSERT_TRUE(loaded) << loaded.error().message;
        Runtime& runtime = **loaded;
        DurableRuntime* const able = durable(runtime);
        ASSERT_NE(able, nullptr);
        const std::vector<std::pair<std::string, Error>> errors = {
            {"check", runtime.check({}).error()},
            {"run", runtime.run(context).error()},
            {"resume", able->resume(context, "h").error()},
            {"probe", able->probe({}).error()},
            {"end", able->end({}, EndHow::forced).error()}};
        for (const auto& [method, error] : errors) {
            EXPECT_EQ(error.code, ErrorCode::plugin_fault);
            EXPECT_EQ(error.message, "plugin methods-throw: " + method + ": " + what);
        }
        EXPECT_EQ(runtime.extension("other"), nullptr);
    }
}

TEST_F(PluginsTest, MethodsOfAStoreThrow) {
    add("store-throws");
    const test::TestStoreHost host;
    const auto loaded = load_store("store-throws", places, {{}, directory.path(), &host});
    ASSERT_TRUE(loaded) << loaded.error().message;
    Store& store = **loaded;
    const std::string task = test::task_id_of(1);
    const std::vector<std::pair<std::string, Error>> errors = {
        {"create", store.create({}).error()},
        {"append", store.append(task, 1, {}, {}, nullptr).error()},
        {"write_secrets", store.write_secrets(task, {}).error()},
        {"erase_secrets", store.erase_secrets(task).error()},
        {"remove", store.remove(task, 1).error()},
        {"read", store.read(task).error()},
        {"read_events", store.read_events(task, 0, 1).error()},
        {"revision", store.revision(task).error()},
        {"read_secrets", store.read_secrets(task).error()},
        {"find", store.find(task).error()},
        {"list", store.list({}, ListOrder::newest_first, {}, 1).error()},
        {"count", store.count({}).error()},
        {"claimable", store.claimable({}, 1).error()},
        {"next_due", store.next_due({}).error()},
        {"dependents", store.dependents(task).error()},
        {"find_dedupe_key", store.find_dedupe_key("k").error()},
        {"resolve", store.resolve("t", 1).error()},
        {"task_of_session", store.task_of_session("s").error()},
        {"take_lease", store.take_lease("l").error()},
        {"wait_for_lease", store.wait_for_lease("l", Milliseconds(0)).error()},
        {"lease_status", store.lease_status("l").error()},
        {"watch", store.watch({}).error()},
        {"session_directory", store.session_directory(task, "s").error()},
        {"task_directory", store.task_directory(task).error()},
        {"verify", store.verify().error()},
        {"repair", store.repair({}).error()}};
    for (const auto& [method, error] : errors) {
        EXPECT_EQ(error.code, ErrorCode::plugin_fault);
        EXPECT_EQ(error.message,
                  "plugin store-throws: " + method + ": threw something that is no std::exception");
    }
}

TEST_F(PluginsTest, ASymbolThatNobodyDefines) {
    const std::string file = add("unresolved-symbol");
    const Error error = refused("unresolved-symbol");
    EXPECT_EQ(error.code, ErrorCode::plugin_refused);
    EXPECT_EQ(error.message,
              file + ": cannot be loaded: undefined symbol: _Z19nobody_defines_thisv");
}

TEST_F(PluginsTest, TheWrongKind) {
    const std::string file = add("store-throws");
    EXPECT_EQ(refused("store-throws").message, file + ": is a store, not a runtime");
    const auto store = load_store("healthy", places, {});
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, ErrorCode::plugin_refused);
    EXPECT_THAT(store.error().message, EndsWith("healthy.so: is a runtime, not a store"));
    EXPECT_EQ(find("store-throws").kind, PluginKind::store);
}

TEST_F(PluginsTest, AFileThatIsNoLibrary) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"not a library\n", "is no ELF file"},
        {"", "is no ELF file"},
        {"\x7f"
         "EL",
         "is no ELF file"},
        {"\x7f"
         "ELF",
         "is cut off or damaged"},
        {std::string("\x7f"
                     "ELF\x01\x01\x01") +
             std::string(100, '\0'),
         "was built for another kind of machine"},
        {contents("/bin/true").replace(16, 1, 1, '\2'), "is no shared library"},
    };
    for (const auto& [text, why] : cases) {
        const std::string file = add_text("text", text);
        EXPECT_EQ(refused("text").message, file + ": " + why);
        EXPECT_EQ(refused("text").code, ErrorCode::plugin_refused);
        EXPECT_EQ(find("text").refused->message, file + ": " + why);
    }
    std::string other_machine = contents(LOONG_TEST_PLUGINS "/healthy.so");
    other_machine[18] = static_cast<char>(other_machine[18] ^ 0x40);
    add_text("text", other_machine);
    EXPECT_THAT(refused("text").message, EndsWith("was built for another kind of machine"));
}

TEST_F(PluginsTest, ATruncatedLibraryIsRefusedAtEveryLength) {
    const std::string whole = contents(LOONG_TEST_PLUGINS "/healthy.so");
    const std::size_t step = std::max<std::size_t>(whole.size() / 400, 1);
    for (std::size_t length = 0; length < whole.size(); length += step) {
        const std::string file = add_text("cut", whole.substr(0, length));
        const Error error = refused("cut");
        ASSERT_EQ(error.code, ErrorCode::plugin_refused) << length;
        ASSERT_THAT(error.message, StartsWith(file + ": ")) << length;
    }
    add_text("cut", whole.substr(0, whole.size() - 1));
    EXPECT_THAT(refused("cut").message, EndsWith("is cut off or damaged"));
}

TEST_F(PluginsTest, LookingAtDamagedFilesIsHarmless) {
    const std::string whole = contents(LOONG_TEST_PLUGINS "/healthy.so");
    std::mt19937 random(20'261'123);
    for (int i = 0; i < 300; ++i) {
        std::string damaged = whole;
        // Half of the damage goes where the headers are.
        for (int j = 0; j < 8; ++j) {
            const std::size_t limit = j % 2 == 0 ? damaged.size() : 64;
            damaged[random() % limit] = static_cast<char>(random());
        }
        const std::size_t sections = damaged.size() - 30 * 64;
        damaged[sections + random() % (30 * 64)] = static_cast<char>(random());
        add_text("damaged", damaged);
        EXPECT_EQ(find_plugins(places).size(), 2U);
    }
}

TEST_F(PluginsTest, WhatOthersMayWriteIsRefused) {
    const std::string file = add("healthy", "writable");
    ASSERT_EQ(::chmod(file.c_str(), 0666), 0);
    EXPECT_EQ(refused("writable").message, file + ": may be written by others (mode 0666)");
    EXPECT_EQ(refused("writable").code, ErrorCode::plugin_refused);
    EXPECT_THAT(refused("writable").hint, HasSubstr("chmod go-w"));
    ASSERT_EQ(::chmod(file.c_str(), 0644), 0);
    EXPECT_TRUE(load_runtime("writable", places, {}));

    ASSERT_EQ(::chmod(places.front().c_str(), 0777), 0);
    EXPECT_EQ(refused("writable").message,
              file + ": its directory may be written by others (mode 0777)");
    // Also where the way to it leads through such a directory.
    TemporaryDirectory own;
    fs::create_symlink(file, own / "link.so");
    EXPECT_THAT(load_runtime(own / "link.so", {}, {}).error().message,
                EndsWith("its directory may be written by others (mode 0777)"));
    ASSERT_EQ(::chmod(places.front().c_str(), 0755), 0);
    ASSERT_EQ(::chmod(own.path().c_str(), 0777), 0);
    EXPECT_THAT(load_runtime(own / "link.so", {}, {}).error().message,
                EndsWith("its directory may be written by others (mode 0777)"));
}

TEST_F(PluginsTest, WhatBelongsToAnotherUserIsRefused) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
    const std::string file = add("healthy", "given");
    ASSERT_EQ(::chown(file.c_str(), 54'321, static_cast<gid_t>(-1)), 0);
    EXPECT_EQ(refused("given").message, file + ": is owned by another user (uid 54321)");
    ASSERT_EQ(::chown(file.c_str(), 0, static_cast<gid_t>(-1)), 0);
    ASSERT_EQ(::chown(places.front().c_str(), 54'321, static_cast<gid_t>(-1)), 0);
    EXPECT_EQ(refused("given").message,
              file + ": its directory is owned by another user (uid 54321)");
    ASSERT_EQ(::chown(places.front().c_str(), 0, static_cast<gid_t>(-1)), 0);
}

TEST_F(PluginsTest, WhatIsNoFileIsRefused) {
    fs::create_directory(places.front() + "/dir.so");
    EXPECT_THAT(refused("dir").message, EndsWith("dir.so: is no regular file"));
    ASSERT_EQ(::mkfifo((places.front() + "/fifo.so").c_str(), 0600), 0);
    EXPECT_THAT(refused("fifo").message, EndsWith("fifo.so: is no regular file"));
    fs::create_symlink("nowhere", places.front() + "/dangling.so");
    EXPECT_EQ(refused("dangling").code, ErrorCode::plugin_not_found);
    EXPECT_EQ(find_plugins(places).size(), 4U);
}

TEST_F(PluginsTest, WhatIsNotThereIsNamedWithWhatIs) {
    const Error error = refused("helthy");
    EXPECT_EQ(error.code, ErrorCode::plugin_not_found);
    EXPECT_EQ(error.message, "plugin helthy: there is no helthy.so in " + places.front() +
                                 "; did you mean 'healthy'?");
    places.push_back(directory / "none");
    EXPECT_EQ(refused("zzz").message, "plugin zzz: there is no zzz.so in " + places[0] + ", " +
                                          places[1] + "; one of: healthy");
    EXPECT_EQ(refused("healthy.so").code, ErrorCode::plugin_not_found);
    EXPECT_EQ(refused("/no/such/file.so").message,
              "plugin /no/such/file.so: there is no such file");
}

TEST_F(PluginsTest, TheFirstDirectoryWins) {
    const std::string second = directory / "second";
    fs::create_directory(second);
    fs::copy_file(places.front() + "/healthy.so", second + "/healthy.so");
    fs::copy_file(places.front() + "/healthy.so", second + "/only.so");
    places.push_back(second);
    EXPECT_EQ(*resolve_plugin("healthy", places), places.front() + "/healthy.so");
    EXPECT_EQ(*resolve_plugin("only", places), second + "/only.so");
    EXPECT_EQ(*resolve_plugin(second + "/only.so", {}), second + "/only.so");
    EXPECT_EQ(find_plugins(places).size(), 3U);
}

TEST_F(PluginsTest, APluginIsLoadedTwiceAndOutlivesItsObjects) {
    for (int i = 0; i < 3; ++i) {
        const auto first = load_runtime("healthy", places, {});
        const auto second = load_runtime("healthy", places, {});
        ASSERT_TRUE(first && second);
        EXPECT_NE(first->get(), second->get());
        EXPECT_TRUE((*first)->check({}) && (*second)->check({}));
    }
}

TEST_F(PluginsTest, DirectoriesAreTheConfiguredOnesAndThoseOfTheInstallation) {
    const std::vector<std::string> directories =
        plugin_directories({"/opt/a/", "/opt/b", "/opt/b"});
    ASSERT_GE(directories.size(), 3U);
    EXPECT_EQ(directories[0], "/opt/a");
    EXPECT_EQ(directories[1], "/opt/b");
    const fs::path program = fs::read_symlink("/proc/self/exe");
    EXPECT_EQ(directories[2], (program.parent_path().parent_path() / "lib/loong/plugins").string());
}

TEST_F(PluginsTest, FindingSkipsWhatIsNoLibrary) {
    std::ofstream(places.front() + "/README") << "text";
    std::ofstream(places.front() + "/.so") << "text";
    EXPECT_EQ(find_plugins({places.front(), directory / "none", "/etc/hostname"}).size(), 1U);
}

} // namespace
} // namespace loong
