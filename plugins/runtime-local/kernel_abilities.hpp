#pragma once
/// What this kernel can do to hold work to a policy. A value, so that tests can say what it can.

#include <loong/error.hpp>
#include <loong/finding.hpp>
#include <loong/session_spec.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace loong::local {

struct KernelAbilities {
    /// Landlock's interface number; 0: there is none, or it is switched off.
    int landlock = 0;
    /// System call filters, for this processor.
    bool filter = false;
    enum class NetworkNamespace : std::uint8_t {
        no,
        /// Only inside of a user namespace.
        with_user_namespace,
        yes,
    };
    NetworkNamespace network_namespace = NetworkNamespace::no;
};

/// Asks the kernel. Whether it permits network namespaces is found out by making one, in a child
/// that ends at once.
[[nodiscard]] KernelAbilities detect_kernel_abilities();

/// `unsupported`: names everything that is missing to hold work to any policy at all.
[[nodiscard]] Result<void> check_abilities(const KernelAbilities& abilities);

/// What would hold work to that policy, for the operator.
[[nodiscard]] std::vector<std::string> enforced_by(const KernelAbilities& abilities,
                                                   const ToolPolicy& policy);

/// The same for the doctor: what can be held to, by what, and what cannot.
[[nodiscard]] std::vector<Finding> describe(const KernelAbilities& abilities);

} // namespace loong::local
