//! A list that nearly always has one item: that one stands in place, only several are allocated for.
//!
//! Not here: what is in it.

/// Items in their order.
#[derive(Clone, Debug)]
pub(crate) enum Few<T> {
    /// One.
    One(T),
    /// None or several.
    Many(Vec<T>),
}

impl<T: Copy> Few<T> {
    /// No items.
    pub(crate) const NONE: Self = Self::Many(Vec::new());

    /// Adds an item at the end.
    pub(crate) fn push(&mut self, item: T) {
        match self {
            Self::Many(items) if items.is_empty() => *self = Self::One(item),
            Self::Many(items) => items.push(item),
            Self::One(first) => *self = Self::Many(vec![*first, item]),
        }
    }

    /// The items.
    pub(crate) fn items(&self) -> &[T] {
        match self {
            Self::One(item) => std::slice::from_ref(item),
            Self::Many(items) => items,
        }
    }

    /// As many items, made of these.
    pub(crate) fn map<U>(&self, make: impl Fn(&T) -> U) -> Few<U> {
        match self {
            Self::One(item) => Few::One(make(item)),
            Self::Many(items) => Few::Many(items.iter().map(make).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_items_are_a_list() {
        let (mut few, mut list) = (Few::NONE, Vec::new());
        for n in 0..5 {
            assert_eq!(few.items(), list);
            assert_eq!(few.map(|n| n + 1).items(), list.iter().map(|n| n + 1).collect::<Vec<i32>>());
            few.push(n);
            list.push(n);
        }
    }
}
