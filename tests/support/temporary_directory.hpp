#pragma once
/// A directory for one test, removed with everything in it when the object ends.

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

namespace loong::test {

class TemporaryDirectory {
public:
    /// Below `TMPDIR`, with an unpredictable name and for the user alone. Throws
    /// std::system_error, which fails the test.
    TemporaryDirectory() {
        const char* parent = std::getenv("TMPDIR");
        const bool named = parent != nullptr && *parent == '/';
        path_ = std::string(named ? parent : "/tmp") + "/loong-test-XXXXXX";
        if (::mkdtemp(path_.data()) == nullptr) {
            throw std::system_error(errno, std::generic_category(), "mkdtemp " + path_);
        }
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    ~TemporaryDirectory() {
        std::error_code ignored;
        make_writable();
        std::filesystem::remove_all(path_, ignored);
    }

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string operator/(const std::string& name) const {
        return path_ + "/" + name;
    }

private:
    // A test may have taken the right to write from a directory to see what happens then.
    void make_writable() const {
        namespace fs = std::filesystem;
        std::error_code ignored;
        fs::permissions(path_, fs::perms::owner_all, fs::perm_options::add, ignored);
        for (auto one = fs::recursive_directory_iterator(path_, ignored);
             !ignored && one != fs::recursive_directory_iterator(); one.increment(ignored)) {
            std::error_code error;
            if (one->is_directory(error) && !one->is_symlink(error)) {
                fs::permissions(one->path(), fs::perms::owner_all, fs::perm_options::add, error);
            }
        }
    }

    std::string path_;
};

} // namespace loong::test
