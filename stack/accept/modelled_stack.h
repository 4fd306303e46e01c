// A stack driven by a model's actions, through its public face: what is seen of it is made as the
// model makes it, so that the two compare. Not here: which actions (model_test.cc).
#pragma once

#include <string>
#include <vector>

#include <anteroom/stack.h>

#include "stack/accept/backlog_model.h"

namespace anteroom::testing {

class ModelledStack {
 public:
  // Two conditional listeners as `model` has them.
  explicit ModelledStack(const Model& model);
  // Carries it out; `before` is the model as it was.
  Seen apply(const Action& action, const Model& before);
  // What Model::asked() tells of `model`.
  std::string asked(const Model& model);

 private:
  void send(const Action& action, const std::string& segment, const Model& before);
  void decide(const Action& action, int number, Seen& seen);
  void take_frames(Seen& seen);
  void take_events(Seen& seen);
  std::string ask(const ModelRequest& expected);
  std::string ask(const Gone& gone);
  std::string name_of_id(PendingId id) const;
  std::string counters() const;

  Stack stack_;
  Instant now_{1s};
  ListenOptions options_[2];
  ListenerId listeners_[2];
  std::vector<ListenerId> closed_;
  std::vector<PendingId> ids_[kFlows];  // by number
  std::vector<std::uint8_t> out_ = std::vector<std::uint8_t>(2'000);
};

}  // namespace anteroom::testing
