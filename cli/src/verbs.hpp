#pragma once
/// Every verb of the program. Each makes its own table of options, so that a call pays only for the
/// verb in question.

#include "invocation.hpp"

#include <memory>

namespace loong::cli {

using MakeVerb = std::unique_ptr<Verb> (*)();

std::unique_ptr<Verb> make_tasks_create();
std::unique_ptr<Verb> make_tasks_list();
std::unique_ptr<Verb> make_tasks_status();
std::unique_ptr<Verb> make_tasks_events();
std::unique_ptr<Verb> make_tasks_wait();
std::unique_ptr<Verb> make_tasks_output();
std::unique_ptr<Verb> make_tasks_cancel();
std::unique_ptr<Verb> make_tasks_recover();
std::unique_ptr<Verb> make_tasks_release();
std::unique_ptr<Verb> make_tasks_archive();
std::unique_ptr<Verb> make_tasks_prune();
std::unique_ptr<Verb> make_tasks_report();
std::unique_ptr<Verb> make_tasks_approve();
std::unique_ptr<Verb> make_tasks_deny();
std::unique_ptr<Verb> make_tasks_answer();
std::unique_ptr<Verb> make_tasks_ask();
std::unique_ptr<Verb> make_approvals_list();
std::unique_ptr<Verb> make_approvals_show();
std::unique_ptr<Verb> make_config_show();
std::unique_ptr<Verb> make_config_path();
std::unique_ptr<Verb> make_config_init();
std::unique_ptr<Verb> make_plugins_list();
std::unique_ptr<Verb> make_plugins_check();
std::unique_ptr<Verb> make_plugins_new();
std::unique_ptr<Verb> make_store_copy();
std::unique_ptr<Verb> make_sessions_list();
std::unique_ptr<Verb> make_sessions_status();
std::unique_ptr<Verb> make_sessions_tree();
std::unique_ptr<Verb> make_sessions_heads();
std::unique_ptr<Verb> make_sessions_events();
std::unique_ptr<Verb> make_sessions_history();
std::unique_ptr<Verb> make_sessions_heal();
std::unique_ptr<Verb> make_doctor();
std::unique_ptr<Verb> make_worker();
std::unique_ptr<Verb> make_completion();
std::unique_ptr<Verb> make_complete();
std::unique_ptr<Verb> make_manual();

} // namespace loong::cli
