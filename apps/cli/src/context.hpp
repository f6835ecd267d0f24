// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "home.hpp"
#include "outcome.hpp"
#include "terminal.hpp"

#include <mitome/base/clock.hpp>

#include <boost/json/object.hpp>

#include <map>
#include <string>
#include <string_view>

namespace mitome::cli {

/// Everything that stands before the verb on the command line.
struct Context {
    Home home;
    catalogue::Language language;
    bool json = false;
    std::map<std::string, int, std::less<>> secret_descriptors;

    [[nodiscard]] std::string_view word(catalogue::Word word) const {
        return catalogue::word(word, language);
    }
    [[nodiscard]] std::string sentence(catalogue::Word id,
                                       std::initializer_list<catalogue::Value> values) const {
        return catalogue::fill(word(id), values);
    }

    /// `17 February 2031`, in Japan.
    [[nodiscard]] std::string day(Time time) const;
    /// The day, and hour and minute in Japan behind it.
    [[nodiscard]] std::string moment(Time time) const;

    /// One line on standard error behind the program's name.
    void note(std::string_view line) const;
    /// A warning or notice of the catalogue, on standard error.
    void tell(catalogue::Code code, std::initializer_list<catalogue::Value> values = {}) const;
    /// Tells it, and gives it back for the `warnings` of an answer: `{"code","message","hint"}`.
    [[nodiscard]] boost::json::object warn(catalogue::Code code,
                                           std::initializer_list<catalogue::Value> values) const;
};

/// The secrets that contract.md names.
enum class SecretName : std::uint8_t {
    card_authentication,
    card_signature,
    card_input_assistance,
    phone_authentication,
    phone_signature,
    phone_stop_code,
    new_card_authentication,
    new_card_signature,
    new_card_input_assistance,
    new_phone_authentication,
    new_phone_signature,
};

/// `new.phone.signature`, as `--secret` takes it.
[[nodiscard]] std::string_view name_of(SecretName name);
/// The plain name that people read.
[[nodiscard]] std::string_view plain_name(const Context& context, SecretName name);

/// Takes a secret from its descriptor or from the person's terminal, and checks its form before
/// any try is spent: PINs are four digits, a stop code ten; a signature password is put in upper
/// case, and that is said. A new one is asked for twice on a terminal.
[[nodiscard]] Attempt<Pin> take_secret(const Context& context, SecretName name);

/// Whether `take_secret` would find one without asking.
[[nodiscard]] bool has_secret(const Context& context, SecretName name);

/// Shows what is being done, on a terminal only.
class Progress {
public:
    explicit Progress(const Context& context);
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    ~Progress();
    void show(std::string_view step);

private:
    bool drawn_;
    bool line_open_ = false;
};

}  // namespace mitome::cli
