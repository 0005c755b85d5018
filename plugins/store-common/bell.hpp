#pragma once
/// How those who watch everything learn of a change: who changes something holds the file `bell`
/// open for writing meanwhile, and the kernel tells them when it is closed, by death too.

#include "descriptor.hpp"
#include "loong/error.hpp"
#include "root.hpp"

#include <string>

namespace loong::store_common {

inline constexpr const char* bell_file = "bell";

class Bell {
public:
    /// To be made before the change, and destroyed after it can be seen.
    static Result<Bell> hold(const Root& root, const std::string& name = bell_file);

    Bell(Bell&&) = default;
    Bell& operator=(Bell&&) = default;
    ~Bell();

private:
    explicit Bell(Descriptor file) : file_(std::move(file)) {}

    Descriptor file_;
};

} // namespace loong::store_common
