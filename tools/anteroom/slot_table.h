// What a program knows about each of its connections or requests, by the stack's id.
#pragma once

#include <cstddef>
#include <vector>

namespace anteroom::tools {

template <typename Id, typename State>
class SlotTable {
 public:
  // Valid until the next add().
  State& add(Id id) {
    if (id.index >= rows_.size()) rows_.resize(id.index + std::size_t{1});
    rows_[id.index] = {id, State()};
    return rows_[id.index].state;
  }
  // Null where there is none of this id. Valid until the next add().
  State* find(Id id) {
    if (id.index >= rows_.size() || rows_[id.index].id != id) return nullptr;
    return &rows_[id.index].state;
  }
  void remove(Id id) {
    if (find(id) != nullptr) rows_[id.index] = {};
  }
  template <typename Visit>
  void for_each(Visit visit) {
    for (Row& row : rows_) {
      if (row.id.is_set()) visit(row.id, row.state);
    }
  }

 private:
  struct Row {
    Id id;
    State state{};
  };
  std::vector<Row> rows_;
};

}  // namespace anteroom::tools
